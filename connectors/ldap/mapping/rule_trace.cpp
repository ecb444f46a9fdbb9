#include "connectors/ldap/mapping/rule_trace.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace bascule::ldap {

namespace {

using directory::AttributePath;
using directory::EdgeKind;
using directory::RuleTrace;
using directory::SourceEntry;
using directory::ValueType;

void add_part(std::string& out, const std::string& part) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", part);
}

std::string describe(const mirror::MappingRule& rule) {
    std::string out;
    if (rule.constant)
        add_part(out, fmt::format("the constant {}", *rule.constant));
    if (!rule.template_text.empty())
        add_part(out, fmt::format("the template {}", rule.template_text));
    if (!rule.is.empty())
        add_part(out, fmt::format("true when one of {}", fmt::join(rule.is, ", ")));
    if (!rule.is_not.empty())
        add_part(out, fmt::format("false when one of {}", fmt::join(rule.is_not, ", ")));
    if (!rule.transform.empty())
        add_part(out, fmt::format("changed by {}", rule.transform));
    if (!rule.when.empty())
        add_part(out, fmt::format("only when {}", rule.when));
    return out;
}

/// "department" of "urn:…:2.0:User:department": URNs are too long for a line.
std::string_view short_target(std::string_view target) {
    if (!target.starts_with("urn:"))
        return target;
    return target.substr(target.rfind(':') + 1);
}

/// Notes what of the entry a rule took.
void take_values(RuleTrace& trace, const Rule& rule, const SourceEntry& entry) {
    std::vector<std::string> names = rule.from;
    if (rule.text)
        names = rule.text->attributes();
    for (const std::string& name : names) {
        const auto& values = entry.values(name);
        if (values.empty())
            continue;
        add_part(trace.attribute, name);
        for (const std::string_view value : values)
            trace.values.emplace_back(value);
        if (!rule.text)
            return;
    }
}

RuleTrace trace_of(const Rule& rule, std::string_view kind) {
    const mirror::MappingRule& written = rule.written;
    RuleTrace out;
    out.rule = fmt::format("{}.map.{}", kind, short_target(written.target));
    if (!written.type.empty() && written.target.find('[') == std::string::npos)
        out.rule += fmt::format("[{}]", written.type);
    out.builtin = written.line == 0;
    out.from = rule.text ? rule.text->attributes() : rule.from;
    out.how = describe(written);
    return out;
}

void trace_attribute(
    std::vector<RuleTrace>& out, const AttributePlan& plan, std::string_view kind,
    const AttributePath& path, const SourceEntry* entry
) {
    for (const Leaf& leaf : plan.leaves) {
        if (!path.sub.empty() && leaf.sub != path.sub)
            continue;
        bool decided = false;
        for (const Rule& rule : leaf.rules) {
            out.push_back(trace_of(rule, kind));
            std::vector<std::string> warnings;
            const bool gives =
                entry != nullptr && !values_of(rule, leaf.type, *entry, warnings).empty();
            if (gives && !decided)
                take_values(out.back(), rule, *entry);
            decided = decided || (gives && !plan.multi_valued);
        }
    }
}

bool is_path_of(EdgeKind kind, const AttributePath& path) {
    return kind == EdgeKind::member
               ? path.extension.empty() && path.name == "members"
               : path.extension == enterprise_extension && path.name == "manager";
}

}  // namespace

std::vector<RuleTrace> trace_rules(
    const KindPlan& plan, std::string_view kind, const AttributePath& path, const SourceEntry* entry
) {
    std::vector<RuleTrace> out;
    for (const AttributePlan& attribute : plan.attributes) {
        if (attribute.path.extension == path.extension && attribute.path.name == path.name)
            trace_attribute(out, attribute, kind, path, entry);
    }
    for (const ReferencePlan& reference : plan.references) {
        if (!is_path_of(reference.kind, path))
            continue;
        for (const Rule& rule : reference.rules) {
            out.push_back(trace_of(rule, kind));
            if (entry != nullptr && (!rule.when || rule.when->matches(*entry)))
                take_values(out.back(), rule, *entry);
        }
    }
    return out;
}

}  // namespace bascule::ldap

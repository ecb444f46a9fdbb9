#include "connectors/ldap/mapping/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

using directory::AttributePath;
using directory::AttributeSpec;
using directory::EdgeKind;
using directory::Registry;
using directory::TypeId;

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           equals_ignoring_ascii_case(text.substr(0, prefix.size()), prefix);
}

/// What a rule's target names.
struct Target {
    AttributePath path;
    std::string type;              ///< from "emails[work]"
    std::optional<EdgeKind> edge;  ///< members, manager
    const AttributeSpec* spec = nullptr;
    std::size_t order = 0;  ///< place in the document
};

class TargetResolver {
  public:
    TargetResolver(const Registry& registry, TypeId type) : registry_(registry), type_(type) {}

    Result<Target> resolve(const std::string& text) const {
        Target target;
        std::string_view rest = strip_type(text, target);
        rest = strip_urn(rest, target);
        const std::size_t dot = rest.find('.');
        const std::string_view name = rest.substr(0, dot);
        const std::string_view sub =
            dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
        if (find_edge(name, sub, target))
            return target;
        if (target.path.extension.empty() && sub.empty() &&
            equals_ignoring_ascii_case(name, "externalId")) {
            static const AttributeSpec external_id{
                .path = {{}, "externalId", {}}, .case_exact = true};
            target.path = external_id.path;
            target.spec = &external_id;
            target.order = 0;
            return target;
        }
        if (!find_spec(name, sub, target))
            return unknown(text);
        return target;
    }

  private:
    static std::string_view strip_type(std::string_view text, Target& target) {
        const std::size_t open = text.find('[');
        if (open == std::string_view::npos)
            return text;
        const std::size_t close = text.find(']', open);
        if (close == std::string_view::npos || close + 1 != text.size())
            return text;
        target.type = std::string(text.substr(open + 1, close - open - 1));
        return text.substr(0, open);
    }

    std::string_view strip_urn(std::string_view text, Target& target) const {
        if (!starts_ignoring_case(text, "urn:"))
            return text;
        const std::string core =
            "urn:ietf:params:scim:schemas:core:2.0:" + registry_.spec(type_).name + ":";
        if (starts_ignoring_case(text, core))
            return text.substr(core.size());
        for (const auto id : registry_.attributes(type_)) {
            const std::string& extension = registry_.spec(id).path.extension;
            if (!extension.empty() && starts_ignoring_case(text, extension + ":") &&
                extension.size() > target.path.extension.size()) {
                target.path.extension = extension;
            }
        }
        if (target.path.extension.empty() &&
            starts_ignoring_case(text, std::string(enterprise_extension) + ":")) {
            target.path.extension = enterprise_extension;
        }
        return target.path.extension.empty() ? text : text.substr(target.path.extension.size() + 1);
    }

    bool find_edge(std::string_view name, std::string_view sub, Target& target) const {
        if (!sub.empty() && !equals_ignoring_ascii_case(sub, "value"))
            return false;
        const bool group = registry_.spec(type_).name == "Group";
        if (group && target.path.extension.empty() && equals_ignoring_ascii_case(name, "members")) {
            target.path.name = "members";
            target.edge = EdgeKind::member;
        } else if (!group && target.path.extension == enterprise_extension && equals_ignoring_ascii_case(name, "manager")) {
            target.path.name = "manager";
            target.edge = EdgeKind::manager;
        }
        return target.edge.has_value();
    }

    /// The exact attribute; for a complex one without a sub-attribute its "value".
    bool find_spec(std::string_view name, std::string_view sub, Target& target) const {
        const auto& ids = registry_.attributes(type_);
        for (std::size_t index = 0; index < ids.size(); ++index) {
            const AttributeSpec& spec = registry_.spec(ids[index]);
            if (spec.path.extension != target.path.extension ||
                !equals_ignoring_ascii_case(spec.path.name, name))
                continue;
            if (target.order == 0)
                target.order = index + 1;
            const bool wanted = equals_ignoring_ascii_case(spec.path.sub, sub) ||
                                (sub.empty() && equals_ignoring_ascii_case(spec.path.sub, "value"));
            if (!wanted || spec.type == directory::ValueType::complex)
                continue;
            target.spec = &spec;
            target.path = spec.path;
            return true;
        }
        return false;
    }

    tl::unexpected<Error> unknown(const std::string& text) const {
        std::vector<std::string> known;
        for (const auto id : registry_.attributes(type_)) {
            const AttributePath& path = registry_.spec(id).path;
            if (path.sub == "value")
                known.push_back(AttributePath{path.extension, path.name, {}}.to_string());
            known.push_back(path.to_string());
        }
        const std::string near = nearest(text, known);
        std::string detail =
            fmt::format("'{}' is no attribute of {}", printable(text), registry_.spec(type_).name);
        detail += near.empty() ? "." : fmt::format("; did you mean '{}'?", near);
        return fail(ErrorKind::invalid_input, "unknown_attribute", std::move(detail));
    }

    const Registry& registry_;
    TypeId type_;
};

/// Collects plans under construction with their place in the document.
class KindBuilder {
  public:
    KindBuilder(const Registry& registry, TypeId type)
        : registry_(registry), type_(type), resolver_(registry, type) {}

    Status add(const mirror::MappingRule& mapping) {
        BASCULE_TRY(Target target, resolver_.resolve(mapping.target));
        BASCULE_TRY(Rule rule, compile_rule(mapping));
        if (!target.type.empty())
            rule.type = target.type;
        if (target.edge) {
            if (rule.from.empty()) {
                return fail(
                    ErrorKind::invalid_input, "invalid_mapping",
                    "A reference comes from an attribute with DNs: name it in 'from'."
                );
            }
            add_reference(*target.edge, std::move(rule));
            return {};
        }
        if (target.spec->edge) {
            return fail(
                ErrorKind::invalid_input, "invalid_mapping",
                fmt::format(
                    "{} refers to objects and is kept here; of references a directory fills "
                    "members and manager only.",
                    mapping.target
                )
            );
        }
        if (rule.is_test() && target.spec->type != directory::ValueType::boolean) {
            return fail(
                ErrorKind::invalid_input, "invalid_mapping",
                fmt::format(
                    "'is' and 'is_not' give a boolean, and {} is none.", target.path.to_string()
                )
            );
        }
        add_leaf(target, std::move(rule));
        return {};
    }

    KindPlan finish(LdapFilter filter) && {
        std::stable_sort(plans_.begin(), plans_.end(), [](const Placed& left, const Placed& right) {
            return left.order < right.order;
        });
        KindPlan plan{type_, std::move(filter), {}, std::move(references_)};
        for (Placed& placed : plans_)
            plan.attributes.push_back(std::move(placed.plan));
        return plan;
    }

  private:
    struct Placed {
        std::size_t order;
        AttributePlan plan;
    };

    void add_reference(EdgeKind kind, Rule rule) {
        for (ReferencePlan& plan : references_) {
            if (plan.kind == kind) {
                plan.rules.push_back(std::move(rule));
                return;
            }
        }
        references_.push_back({kind, {}});
        references_.back().rules.push_back(std::move(rule));
    }

    AttributePlan& plan_for(const Target& target) {
        for (Placed& placed : plans_) {
            if (placed.plan.path.extension == target.path.extension &&
                placed.plan.path.name == target.path.name)
                return placed.plan;
        }
        constexpr std::size_t extensions_last = std::numeric_limits<std::size_t>::max() / 2;
        const std::string& type_name = registry_.spec(type_).name;
        AttributePlan plan;
        plan.path = {target.path.extension, target.path.name, {}};
        plan.multi_valued = target.spec->multi_valued;
        plan.complex = !target.path.sub.empty();
        plan.marks_primary = plan.multi_valued && target.path.name == "emails";
        const std::string_view required = type_name == "User" ? "userName" : "displayName";
        plan.required = target.path.extension.empty() && target.path.name == required;
        plans_.push_back(
            {target.order + (target.path.extension.empty() ? 0 : extensions_last), std::move(plan)}
        );
        return plans_.back().plan;
    }

    void add_leaf(const Target& target, Rule rule) {
        AttributePlan& plan = plan_for(target);
        const auto found =
            std::find_if(plan.leaves.begin(), plan.leaves.end(), [&](const Leaf& leaf) {
                return leaf.sub == target.path.sub;
            });
        if (found != plan.leaves.end()) {
            found->rules.push_back(std::move(rule));
            return;
        }
        const std::size_t place = place_of(target.path);
        auto before = plan.leaves.begin();
        while (before != plan.leaves.end() &&
               place_of({target.path.extension, target.path.name, before->sub}) < place)
            ++before;
        Leaf leaf{target.path.sub, target.spec->type, {}};
        leaf.rules.push_back(std::move(rule));
        plan.leaves.insert(before, std::move(leaf));
    }

    std::size_t place_of(const AttributePath& path) const {
        const auto& ids = registry_.attributes(type_);
        const auto found = std::find_if(ids.begin(), ids.end(), [&](const auto id) {
            return registry_.spec(id).path == path;
        });
        return static_cast<std::size_t>(found - ids.begin());
    }

    const Registry& registry_;
    TypeId type_;
    TargetResolver resolver_;
    std::vector<Placed> plans_;
    std::vector<ReferencePlan> references_;
};

Status add_rule(KindBuilder& builder, const mirror::MappingRule& rule) {
    Status status = builder.add(rule);
    if (status) {
        return status;
    }
    return fail(std::move(status)
                    .error()
                    .with_field(rule.target)
                    .with_context(fmt::format("{}:{}", rule.line, rule.column)));
}

}  // namespace

std::vector<Error> faults_of_kind(
    const mirror::KindMapping& mapping, std::string_view type_name, const Registry& registry
) {
    std::vector<Error> faults;
    if (auto filter = LdapFilter::parse(mapping.filter); !filter) {
        faults.push_back(std::move(filter).error());
    }
    KindBuilder builder(registry, registry.type(type_name));
    for (const mirror::MappingRule& rule : mapping.rules) {
        if (auto status = add_rule(builder, rule); !status) {
            faults.push_back(std::move(status).error());
        }
    }
    return faults;
}

Result<KindPlan> compile_kind(
    const mirror::KindMapping& mapping, std::string_view type_name, const Registry& registry
) {
    BASCULE_TRY(LdapFilter filter, LdapFilter::parse(mapping.filter));
    KindBuilder builder(registry, registry.type(type_name));
    for (const mirror::MappingRule& rule : mapping.rules) {
        BASCULE_CHECK(add_rule(builder, rule));
    }
    return std::move(builder).finish(std::move(filter));
}

}  // namespace bascule::ldap

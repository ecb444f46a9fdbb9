#include "connectors/ldap/mapping/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/mapping/entry_document.hpp"
#include "connectors/ldap/mapping/plan.hpp"
#include "connectors/ldap/mapping/read_attributes.hpp"
#include "connectors/ldap/mapping/rule_trace.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

namespace {

using directory::EntryState;
using directory::MappedEntry;
using directory::SourceEntry;

void describe(std::string& out, const mirror::KindMapping& kind) {
    out += kind.filter + '\n';
    for (const mirror::MappingRule& rule : kind.rules) {
        out += fmt::format(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}\n", rule.target, fmt::join(rule.from, ","),
            rule.template_text, rule.constant ? "=" + *rule.constant : "", rule.type,
            rule.transform, fmt::join(rule.is, ","), fmt::join(rule.is_not, ","), rule.when
        );
    }
}

}  // namespace

struct Mapper::Plan {
    KindPlan users;
    KindPlan groups;
    std::string fingerprint;
    std::vector<std::string> wanted;
    std::vector<std::string> member_sources;
    std::vector<std::string> member_attributes;
};

Mapper::Mapper(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}

Mapper::~Mapper() = default;

MappingFaults find_faults(
    const Mapping& mapping, const directory::Registry& registry, const Mapping& defaults
) {
    return {
        faults_of_kind(with_defaults(mapping.users, defaults.users), "User", registry),
        faults_of_kind(with_defaults(mapping.groups, defaults.groups), "Group", registry)};
}

Result<std::unique_ptr<Mapper>> Mapper::compile(
    const Mapping& mapping, const directory::Registry& registry, const Mapping& defaults
) {
    const mirror::KindMapping users = with_defaults(mapping.users, defaults.users);
    const mirror::KindMapping groups = with_defaults(mapping.groups, defaults.groups);
    BASCULE_TRY(KindPlan user_plan, compile_kind(users, "User", registry));
    BASCULE_TRY(KindPlan group_plan, compile_kind(groups, "Group", registry));
    auto plan =
        std::make_unique<Plan>(Plan{std::move(user_plan), std::move(group_plan), {}, {}, {}, {}});
    // The number is that of the mapper's own behaviour: raise it when equal rules give another
    // document.
    std::string text = "1\n";
    describe(text, users);
    describe(text, groups);
    plan->fingerprint = uuid_v5(Uuid{}, text).to_string();
    plan->wanted = find_read_attributes(users, groups);
    plan->member_sources = find_member_sources(groups);
    plan->member_attributes = find_member_attributes(users, groups);
    return std::unique_ptr<Mapper>(new Mapper(std::move(plan)));
}

MappedEntry Mapper::map(const SourceEntry& entry) const {
    const bool user = plan_->users.filter.matches(entry);
    if (!user && !plan_->groups.filter.matches(entry)) {
        MappedEntry out;
        out.state = EntryState::unmatched;
        out.reason = fmt::format(
            "unmatched: users.filter does not match: {}; groups.filter does not match: {}",
            plan_->users.filter.explain(entry), plan_->groups.filter.explain(entry)
        );
        return out;
    }
    return write_entry(user ? plan_->users : plan_->groups, entry);
}

bool Mapper::fills(directory::TypeId type, const directory::AttributePath& path) const {
    const KindPlan& kind = type == plan_->users.type ? plan_->users : plan_->groups;
    if (type != kind.type)
        return false;
    const bool attribute =
        std::any_of(kind.attributes.begin(), kind.attributes.end(), [&](const AttributePlan& plan) {
            return plan.path.extension == path.extension && plan.path.name == path.name;
        });
    return attribute ||
           std::any_of(
               kind.references.begin(), kind.references.end(),
               [&](const ReferencePlan& plan) {
                   return plan.kind == directory::EdgeKind::member
                              ? path.extension.empty() && path.name == "members"
                              : path.extension == enterprise_extension && path.name == "manager";
               }
           );
}

std::vector<directory::RuleTrace> Mapper::trace(
    directory::TypeId type, const directory::AttributePath& path, const SourceEntry* entry
) const {
    if (type == plan_->users.type)
        return trace_rules(plan_->users, "users", path, entry);
    if (type == plan_->groups.type)
        return trace_rules(plan_->groups, "groups", path, entry);
    return {};
}

const std::vector<std::string>& Mapper::member_attributes() const {
    return plan_->member_attributes;
}

std::function<bool(const SourceEntry&)> Mapper::group_test() const {
    return [users = plan_->users.filter, groups = plan_->groups.filter](const SourceEntry& entry) {
        return !users.matches(entry) && groups.matches(entry);
    };
}

const std::vector<std::string>& Mapper::member_sources() const {
    return plan_->member_sources;
}

std::string Mapper::fingerprint() const {
    return plan_->fingerprint;
}

const std::vector<std::string>& Mapper::wanted_attributes() const {
    return plan_->wanted;
}

std::string Mapper::combined_filter() const {
    return "(|" + plan_->users.filter.to_string() + plan_->groups.filter.to_string() + ")";
}

}  // namespace bascule::ldap

#include "connectors/ldap/mapping/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/mapping/plan.hpp"
#include "connectors/ldap/mapping/rule_trace.hpp"
#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

namespace {

using directory::EntryState;
using directory::MappedEntry;
using directory::SourceEntry;
using directory::ValueType;

void write_value(JsonWriter& json, ValueType type, const std::string& value) {
    const bool bare =
        type == ValueType::boolean || type == ValueType::integer || type == ValueType::decimal;
    if (bare) {
        json.raw(value);
    } else {
        json.text(value);
    }
}

/// Maps one entry under one kind; writes the document in one pass.
class EntryWriter {
  public:
    EntryWriter(const KindPlan& plan, const SourceEntry& entry, MappedEntry& out)
        : plan_(plan), entry_(entry), out_(out), json_(out.attributes) {}

    void run() {
        out_.state = EntryState::mirrored;
        out_.type = plan_.type;
        out_.attributes.reserve(512);
        json_.begin_object();
        for (const AttributePlan& attribute : plan_.attributes)
            write(attribute);
        close_extension();
        json_.end_object();
        for (const ReferencePlan& reference : plan_.references)
            collect(reference);
        out_.display = !display_name_.empty() ? display_name_
                       : !formatted_.empty()  ? formatted_
                                              : user_name_;
        if (!failure_.empty()) {
            out_.state = EntryState::quarantined;
            out_.reason = std::move(failure_);
        }
    }

  private:
    void write(const AttributePlan& attribute) {
        const std::size_t warnings_before = out_.warnings.size();
        bool written = false;
        if (attribute.multi_valued) {
            written = write_elements(attribute);
        } else if (attribute.complex) {
            written = write_complex(attribute);
        } else {
            written = write_simple(attribute);
        }
        if (!written && attribute.required)
            report_missing(attribute, warnings_before);
    }

    void report_missing(const AttributePlan& attribute, std::size_t warnings_before) {
        if (out_.warnings.size() > warnings_before) {
            failure_ = fmt::format(
                "invalid_text: {} has no usable value ({})", attribute.path.name,
                out_.warnings.back()
            );
            return;
        }
        std::string from;
        for (const Rule& rule : attribute.leaves.front().rules)
            from += fmt::format("{}{}", from.empty() ? "" : ", ", fmt::join(rule.from, ", "));
        failure_ = fmt::format(
            "missing_required: {} has no value ({} is absent or empty)", attribute.path.name, from
        );
    }

    /// Opens the extension member when the first of its attributes has a value.
    void open(const AttributePlan& attribute) {
        if (attribute.path.extension == extension_)
            return;
        close_extension();
        extension_ = attribute.path.extension;
        out_.extensions.push_back(extension_);
        json_.key(extension_).begin_object();
    }

    void close_extension() {
        if (!extension_.empty())
            json_.end_object();
        extension_.clear();
    }

    /// The one value of a single-valued place, or nothing.
    std::optional<std::string> choose(const AttributePlan& attribute, const Leaf& leaf) {
        for (const Rule& rule : leaf.rules) {
            std::vector<std::string> values = values_of(rule, leaf.type, entry_, out_.warnings);
            if (values.empty())
                continue;
            if (values.size() == 1)
                return std::move(values.front());
            auto lowest = std::min_element(values.begin(), values.end());
            out_.warnings.push_back(fmt::format(
                "several_values: {} takes one value and there are {}; the lowest in byte order was "
                "taken",
                attribute.path.name, values.size()
            ));
            return std::move(*lowest);
        }
        return std::nullopt;
    }

    bool write_simple(const AttributePlan& attribute) {
        const Leaf& leaf = attribute.leaves.front();
        std::optional<std::string> value = choose(attribute, leaf);
        if (!value)
            return false;
        open(attribute);
        json_.key(attribute.path.name);
        write_value(json_, leaf.type, *value);
        if (attribute.path.extension.empty())
            remember(attribute.path.name, *value);
        return true;
    }

    void remember(const std::string& name, const std::string& value) {
        if (name == "displayName")
            display_name_ = value;
        if (name == "userName")
            user_name_ = value;
    }

    bool write_complex(const AttributePlan& attribute) {
        bool opened = false;
        for (const Leaf& leaf : attribute.leaves) {
            const std::optional<std::string> value = choose(attribute, leaf);
            if (!value)
                continue;
            if (!opened) {
                open(attribute);
                json_.key(attribute.path.name).begin_object();
            }
            opened = true;
            json_.key(leaf.sub);
            write_value(json_, leaf.type, *value);
            if (leaf.sub == "formatted" && attribute.path.name == "name")
                formatted_ = *value;
        }
        if (opened)
            json_.end_object();
        return opened;
    }

    bool write_elements(const AttributePlan& attribute) {
        elements_ = 0;
        const bool by_value =
            !attribute.complex ||
            std::any_of(attribute.leaves.begin(), attribute.leaves.end(), [](const Leaf& leaf) {
                return leaf.sub == "value";
            });
        if (by_value) {
            for (const Leaf& leaf : attribute.leaves)
                write_value_elements(attribute, leaf);
        } else {
            write_composed_elements(attribute);
        }
        if (elements_ != 0)
            json_.end_array();
        return elements_ != 0;
    }

    void begin_element(const AttributePlan& attribute) {
        if (elements_++ != 0)
            return;
        open(attribute);
        json_.key(attribute.path.name).begin_array();
    }

    void write_value_elements(const AttributePlan& attribute, const Leaf& leaf) {
        std::vector<std::string> seen;
        for (const Rule& rule : leaf.rules) {
            for (std::string& value : values_of(rule, leaf.type, entry_, out_.warnings)) {
                std::string identity = rule.type + '\n' + value;
                if (std::find(seen.begin(), seen.end(), identity) != seen.end())
                    continue;
                begin_element(attribute);
                if (!attribute.complex) {
                    write_value(json_, leaf.type, value);
                } else {
                    json_.begin_object().key(leaf.sub);
                    write_value(json_, leaf.type, value);
                    end_element(attribute, rule.type);
                }
                seen.push_back(std::move(identity));
            }
        }
    }

    void end_element(const AttributePlan& attribute, const std::string& type) {
        if (!type.empty())
            json_.field("type", type);
        if (attribute.marks_primary && elements_ == 1)
            json_.key("primary").boolean(true);
        json_.end_object();
    }

    /// Elements made of several sub-attributes (addresses): one for each type that rules name.
    void write_composed_elements(const AttributePlan& attribute) {
        std::vector<std::string> types;
        for (const Leaf& leaf : attribute.leaves) {
            for (const Rule& rule : leaf.rules) {
                if (std::find(types.begin(), types.end(), rule.type) == types.end())
                    types.push_back(rule.type);
            }
        }
        for (const std::string& type : types)
            write_composed_element(attribute, type);
    }

    void write_composed_element(const AttributePlan& attribute, const std::string& type) {
        bool opened = false;
        for (const Leaf& leaf : attribute.leaves) {
            for (const Rule& rule : leaf.rules) {
                if (rule.type != type)
                    continue;
                const std::vector<std::string> values =
                    values_of(rule, leaf.type, entry_, out_.warnings);
                if (values.empty())
                    continue;
                if (!opened) {
                    begin_element(attribute);
                    json_.begin_object();
                }
                opened = true;
                json_.key(leaf.sub);
                write_value(json_, leaf.type, *std::min_element(values.begin(), values.end()));
                break;
            }
        }
        if (opened)
            end_element(attribute, type);
    }

    void collect(const ReferencePlan& plan) {
        const std::size_t before = out_.references.size();
        for (const Rule& rule : plan.rules) {
            if (rule.when && !rule.when->matches(entry_))
                continue;
            for (const std::string& attribute : rule.from) {
                const bool names_users = equals_ignoring_ascii_case(attribute, "memberUid");
                for (const std::string& value : entry_.values(attribute))
                    add_reference(plan.kind, value, names_users);
            }
        }
        if (plan.kind == directory::EdgeKind::manager)
            keep_one_manager(before);
    }

    void add_reference(directory::EdgeKind kind, const std::string& value, bool names_user) {
        if (value.empty())
            return;  // groupOfNames needs a member, and the empty DN is the usual stand-in
        if (!is_clean_text(value)) {
            out_.warnings.push_back("invalid_text: a reference is no valid text and was left out");
            return;
        }
        if (names_user || value.find('=') == std::string::npos) {
            out_.references.push_back({kind, value, {}, value});
            return;
        }
        Result<std::string> key = dn_key(without_unique_id(value));
        if (!key) {
            out_.warnings.push_back(fmt::format(
                "invalid_dn: the reference '{}' is no DN and was left out", printable(value, 80)
            ));
        } else if (!key->empty()) {
            out_.references.push_back({kind, value, *std::move(key), {}});
        }
    }

    /// "cn=x#'0101'B" is a uniqueMember with an optional bit string (RFC 4517 section 3.3.21).
    static std::string_view without_unique_id(std::string_view value) {
        if (!value.ends_with("'B"))
            return value;
        const std::size_t mark = value.rfind("#'");
        return mark == std::string_view::npos ? value : value.substr(0, mark);
    }

    void keep_one_manager(std::size_t from) {
        if (out_.references.size() > from + 1) {
            const auto first = out_.references.begin() + static_cast<std::ptrdiff_t>(from);
            std::iter_swap(
                first,
                std::min_element(
                    first, out_.references.end(),
                    [](const auto& left, const auto& right) { return left.dn_key < right.dn_key; }
                )
            );
            out_.references.resize(from + 1);
            out_.warnings.emplace_back(
                "several_values: manager takes one value; the lowest in byte order was taken"
            );
        }
        const bool listed =
            std::find(out_.extensions.begin(), out_.extensions.end(), enterprise_extension) !=
            out_.extensions.end();
        if (out_.references.size() > from && !listed)
            out_.extensions.emplace_back(enterprise_extension);
    }

    const KindPlan& plan_;
    const SourceEntry& entry_;
    MappedEntry& out_;
    JsonWriter json_;
    std::string extension_;
    std::string display_name_;
    std::string formatted_;
    std::string user_name_;
    std::string failure_;
    std::size_t elements_ = 0;
};

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

/// Attribute names in a filter are found in its text: every name stands after '(' and before a
/// sign.
void add_filter_attributes(std::vector<std::string>& out, std::string_view filter) {
    for (std::size_t open = filter.find('('); open != std::string_view::npos;
         open = filter.find('(', open + 1)) {
        const std::size_t end = filter.find_first_of("=<>~:(&|!)", open + 1);
        if (end == std::string_view::npos || end == open + 1)
            continue;
        out.emplace_back(filter.substr(open + 1, end - open - 1));
    }
}

/// Whether a rule makes a member of each value, whatever else the entry holds.
bool names_members(const mirror::MappingRule& rule) {
    return rule.when.empty() && rule.template_text.empty() &&
           equals_ignoring_ascii_case(rule.target.substr(0, rule.target.find('.')), "members");
}

/// What rules and filters read; `but_members`: except what members are taken from.
void add_wanted(
    std::vector<std::string>& out, const mirror::KindMapping& kind, bool but_members = false
) {
    for (const mirror::MappingRule& rule : kind.rules) {
        if (!but_members || !names_members(rule))
            out.insert(out.end(), rule.from.begin(), rule.from.end());
        if (const auto text = Template::parse(rule.template_text)) {
            const std::vector<std::string> names = text->attributes();
            out.insert(out.end(), names.begin(), names.end());
        }
        if (const auto when = LdapFilter::parse(rule.when))
            add_filter_attributes(out, when->to_string());
    }
    if (const auto filter = LdapFilter::parse(kind.filter))
        add_filter_attributes(out, filter->to_string());
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& other) {
        return equals_ignoring_ascii_case(name, other);
    });
}

std::vector<std::string> find_member_sources(const mirror::KindMapping& groups) {
    std::vector<std::string> out;
    for (const mirror::MappingRule& rule : groups.rules) {
        if (equals_ignoring_ascii_case(rule.target.substr(0, rule.target.find('.')), "members"))
            out.insert(out.end(), rule.from.begin(), rule.from.end());
    }
    return out;
}

/// Attributes from which members are taken and that nothing else reads.
std::vector<std::string> find_member_attributes(
    const mirror::KindMapping& users, const mirror::KindMapping& groups
) {
    std::vector<std::string> others{"memberUid"};  // it names no DN
    add_wanted(others, users);
    add_wanted(others, groups, true);
    std::vector<std::string> out = find_member_sources(groups);
    std::erase_if(out, [&](const std::string& name) { return contains(others, name); });
    return out;
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
    add_wanted(plan->wanted, users);
    add_wanted(plan->wanted, groups);
    plan->member_sources = find_member_sources(groups);
    plan->member_attributes = find_member_attributes(users, groups);
    plan->wanted.emplace_back("objectClass");
    const auto lower_less = [](const std::string& left, const std::string& right) {
        return to_ascii_lower(left) < to_ascii_lower(right);
    };
    std::sort(plan->wanted.begin(), plan->wanted.end(), lower_less);
    plan->wanted.erase(
        std::unique(plan->wanted.begin(), plan->wanted.end(), equals_ignoring_ascii_case),
        plan->wanted.end()
    );
    return std::unique_ptr<Mapper>(new Mapper(std::move(plan)));
}

MappedEntry Mapper::map(const SourceEntry& entry) const {
    MappedEntry out;
    const bool user = plan_->users.filter.matches(entry);
    if (!user && !plan_->groups.filter.matches(entry)) {
        out.state = EntryState::unmatched;
        out.reason = fmt::format(
            "unmatched: users.filter does not match: {}; groups.filter does not match: {}",
            plan_->users.filter.explain(entry), plan_->groups.filter.explain(entry)
        );
        return out;
    }
    EntryWriter(user ? plan_->users : plan_->groups, entry, out).run();
    return out;
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

#include "connectors/ldap/mapping/entry_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::EdgeKind;
using directory::EntryReference;
using directory::EntryState;
using directory::MappedEntry;
using directory::SourceEntry;
using directory::ValueType;

/// "cn=x#'0101'B" is a uniqueMember with an optional bit string (RFC 4517 section 3.3.21).
std::string_view without_unique_id(std::string_view value) {
    if (!value.ends_with("'B"))
        return value;
    const std::size_t mark = value.rfind("#'");
    return mark == std::string_view::npos ? value : value.substr(0, mark);
}

/// groupOfNames needs a member, and the empty DN is the usual stand-in: it names nobody.
std::optional<EntryReference> read_reference(
    EdgeKind kind, std::string_view value, bool user_name
) {
    if (value.empty() || !is_clean_text(value))
        return std::nullopt;
    if (user_name || value.find('=') == std::string_view::npos)
        return EntryReference{kind, {}, std::string(value)};
    Result<std::string> key = dn_key(without_unique_id(value));
    if (!key || key->empty())
        return std::nullopt;
    return EntryReference{kind, *std::move(key), {}};
}

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
        if (out_.attributes.size() > largest_document) {
            failure_ = fmt::format(
                "entry_too_large: its attributes take {} bytes, and {} are allowed",
                out_.attributes.size(), largest_document
            );
        }
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
        for (const Rule& rule : plan.rules) {
            if (rule.when && !rule.when->matches(entry_))
                continue;
            for (const std::string& attribute : rule.from) {
                const auto& values = entry_.values(attribute);
                const bool user_names = equals_ignoring_ascii_case(attribute, "memberUid");
                for (const std::string_view value : values)
                    judge(plan.kind, value, user_names);
                if (plan.kind != EdgeKind::manager && !values.empty())
                    out_.references.add(plan.kind, values, user_names);
            }
        }
        if (plan.kind == EdgeKind::manager)
            keep_one_manager();
    }

    void judge(EdgeKind kind, std::string_view value, bool user_name) {
        auto reference = read_reference(kind, value, user_name);
        if (!reference && !value.empty()) {
            report_unusable(value);
        } else if (reference && kind == EdgeKind::manager) {
            managers_.push_back({std::move(reference->dn_key), value, user_name});
        }
    }

    void report_unusable(std::string_view value) {
        if (!is_clean_text(value)) {
            out_.warnings.push_back("invalid_text: a reference is no valid text and was left out");
        } else if (!dn_key(without_unique_id(value))) {
            out_.warnings.push_back(fmt::format(
                "invalid_dn: the reference '{}' is no DN and was left out", printable(value, 80)
            ));
        }
    }

    void keep_one_manager() {
        if (managers_.empty())
            return;
        if (managers_.size() > 1) {
            out_.warnings.emplace_back(
                "several_values: manager takes one value; the lowest in byte order was taken"
            );
        }
        const Manager& lowest = *std::ranges::min_element(managers_, {}, &Manager::dn_key);
        out_.references.add(EdgeKind::manager, {lowest.value}, lowest.by_user_name);
        if (std::ranges::find(out_.extensions, enterprise_extension) == out_.extensions.end())
            out_.extensions.emplace_back(enterprise_extension);
    }

    struct Manager {
        std::string dn_key;
        std::string_view value;
        bool by_user_name;
    };
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
    std::vector<Manager> managers_;
};

}  // namespace

MappedEntry write_entry(const KindPlan& plan, const SourceEntry& entry) {
    MappedEntry out;
    out.references = directory::EntryReferences(read_reference);
    EntryWriter(plan, entry, out).run();
    return out;
}

}  // namespace bascule::ldap

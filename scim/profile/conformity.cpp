#include "scim/profile/conformity.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "directory/base/text.hpp"
#include "scim/codec/values.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;
using directory::ValueType;

bool names(const Json& urn, std::string_view schema) {
    return urn.is_string() && equals_ignoring_ascii_case(urn.get_ref<const std::string&>(), schema);
}

/// Walks values beside their definitions. Keeps going past what it ignores, stops at a refusal.
class Conformer {
  public:
    Conformer(const ClientProfile& profile, std::vector<std::string>& ignored)
        : profile_(profile), ignored_(ignored) {}

    Status attribute(const Attribute& attribute, Json& value, const std::string& path) {
        if (!value.is_array()) {
            return element(attribute, value, path);
        }
        BASCULE_CHECK(check_list(attribute, value, path));
        for (Json& item : value) {
            BASCULE_CHECK(element(attribute, item, path));
        }
        if (profile_.several_primaries == SeveralPrimaries::first) {
            keep_first_primary(value);
        }
        return {};
    }

    /// A name that the type does not have.
    Status unknown(const std::string& path, const std::string& holder) {
        if (profile_.unknown_attributes == Rule::refuse) {
            return refuse(
                "unknown_attributes", "invalid_syntax",
                holder + " has no attribute '" + printable(path, 100) + "'", "leave it out.", path
            );
        }
        constexpr std::size_t most = 20;
        if (ignored_.size() < most) {
            ignored_.push_back(printable(path, 100));
        }
        return {};
    }

    [[nodiscard]] tl::unexpected<Error> refuse(
        std::string_view which, const char* code, const std::string& what,
        const std::string& advice, const std::string& path
    ) const {
        return fail(profile_refusal(profile_, which, code, what, advice, path));
    }

  private:
    Status check_list(const Attribute& attribute, const Json& value, const std::string& path)
        const {
        if (attribute.multi_valued || value.empty() || profile_.loose_values == Rule::accept) {
            return {};
        }
        return refuse(
            "loose_values", "invalid_value", path + " takes one value and is given a list",
            "send the value itself.", path
        );
    }

    Status element(const Attribute& attribute, Json& value, const std::string& path) {
        if (value.is_null()) {
            return {};
        }
        if (attribute.type == ValueType::complex) {
            return complex(attribute, value, path);
        }
        if (attribute.type == ValueType::boolean && profile_.boolean_as_text == Rule::accept) {
            convert_boolean(value);
        }
        return check_canonical(attribute, value, path);
    }

    Status complex(const Attribute& attribute, Json& value, const std::string& path) {
        if (!value.is_object()) {
            if (profile_.loose_values == Rule::accept) {
                return {};
            }
            return refuse(
                "loose_values", "invalid_value", path + " is complex and is given a bare value",
                "send a JSON object.", path
            );
        }
        for (const auto& [key, part] : value.items()) {
            const Attribute* sub = attribute.sub(key);
            BASCULE_CHECK(
                sub == nullptr ? unknown(path + "." + key, attribute.name)
                               : this->attribute(*sub, part, path + "." + sub->name)
            );
        }
        return {};
    }

    static void convert_boolean(Json& value) {
        if (!value.is_string()) {
            return;
        }
        const auto& text = value.get_ref<const std::string&>();
        if (equals_ignoring_ascii_case(text, "true")) {
            value = true;
        } else if (equals_ignoring_ascii_case(text, "false")) {
            value = false;
        }
    }

    Status check_canonical(const Attribute& attribute, const Json& value, const std::string& path)
        const {
        if (profile_.other_canonical_values == Rule::accept || !value.is_string() ||
            attribute.canonical_values.empty()) {
            return {};
        }
        const auto& text = value.get_ref<const std::string&>();
        std::string known;
        for (const std::string& word : attribute.canonical_values) {
            if (attribute.case_exact ? word == text : equals_ignoring_ascii_case(word, text)) {
                return {};
            }
            known += (known.empty() ? "" : ", ") + word;
        }
        return refuse(
            "other_canonical_values", "invalid_value",
            path + " is given '" + printable(text, 60) + "', none of its canonical values",
            "choose one of " + known + ".", path
        );
    }

    static void keep_first_primary(Json& list) {
        bool seen = false;
        for (Json& item : list) {
            const auto primary = item.is_object() ? item.find("primary") : item.end();
            if (item.is_object() && primary != item.end() && *primary == Json(true)) {
                if (seen) {
                    *primary = false;
                }
                seen = true;
            }
        }
    }

    const ClientProfile& profile_;
    std::vector<std::string>& ignored_;
};

/// The `schemas` of a body and everything that has to agree with it.
class BodyConformer {
  public:
    BodyConformer(
        const ResourceType& type, const ClientProfile& profile, std::vector<std::string>& ignored
    )
        : type_(type), profile_(profile), conformer_(profile, ignored) {}

    Status conform(Json& body) {
        for (const auto& [key, value] : body.items()) {
            if (equals_ignoring_ascii_case(key, "schemas")) {
                schemas_ = &value;
            }
        }
        BASCULE_CHECK(check_schemas());
        for (const auto& [key, value] : body.items()) {
            BASCULE_CHECK(conform_member(key, value));
        }
        return {};
    }

  private:
    Status check_schemas() {
        const bool is_list = schemas_ != nullptr && schemas_->is_array();
        const auto count = [&](std::string_view urn) {
            return !is_list
                       ? 0
                       : std::count_if(schemas_->begin(), schemas_->end(), [&](const Json& one) {
                             return names(one, urn);
                         });
        };
        if (profile_.missing_schemas == Rule::refuse && count(type_.schema->id) != 1) {
            return conformer_.refuse(
                "missing_schemas", "invalid_syntax",
                "schemas does not name " + type_.schema->id + " once",
                "name it, and each extension that the body uses.", "schemas"
            );
        }
        for (std::size_t i = 0; is_list && i < schemas_->size(); ++i) {
            BASCULE_CHECK(check_urn((*schemas_)[i], count));
        }
        return {};
    }

    template <class Count>
    Status check_urn(const Json& urn, const Count& count) {
        if (!urn.is_string()) {
            return {};
        }
        const auto& text = urn.get_ref<const std::string&>();
        if (!names(urn, type_.schema->id) && extension(text) == nullptr) {
            return conformer_.unknown(text, "The schemas of " + type_.name);
        }
        if (profile_.missing_schemas == Rule::refuse && count(text) > 1) {
            return conformer_.refuse(
                "missing_schemas", "invalid_syntax",
                "schemas names " + printable(text, 100) + " more than once", "name it once.",
                "schemas"
            );
        }
        return {};
    }

    [[nodiscard]] const Schema* extension(std::string_view urn) const {
        for (const ResourceType::Extension& one : type_.extensions) {
            if (equals_ignoring_ascii_case(one.schema->id, urn)) {
                return one.schema;
            }
        }
        return nullptr;
    }

    Status conform_member(const std::string& key, Json& value) {
        if (const Attribute* attribute = type_.schema->find(key)) {
            return conformer_.attribute(*attribute, value, attribute->name);
        }
        if (common_schema().find(key) != nullptr) {
            return {};
        }
        if (const Schema* schema = extension(key)) {
            return conform_extension(*schema, value);
        }
        return conformer_.unknown(key, type_.name);
    }

    Status conform_extension(const Schema& schema, Json& value) {
        BASCULE_CHECK(check_declared(schema, value));
        if (!value.is_object()) {
            return {};
        }
        for (const auto& [key, part] : value.items()) {
            const std::string path = schema.id + ":" + key;
            const Attribute* attribute = schema.find(key);
            BASCULE_CHECK(
                attribute == nullptr ? conformer_.unknown(path, type_.name)
                                     : conformer_.attribute(*attribute, part, path)
            );
        }
        return {};
    }

    Status check_declared(const Schema& schema, const Json& value) const {
        if (profile_.undeclared_extension == Rule::accept || is_unassigned(value)) {
            return {};
        }
        const bool declared = schemas_ != nullptr && schemas_->is_array() &&
                              std::any_of(schemas_->begin(), schemas_->end(), [&](const Json& urn) {
                                  return names(urn, schema.id);
                              });
        if (declared) {
            return {};
        }
        return conformer_.refuse(
            "undeclared_extension", "invalid_syntax",
            "The body has attributes of " + schema.id + " that schemas does not name",
            "add it to schemas.", "schemas"
        );
    }

    const ResourceType& type_;
    const ClientProfile& profile_;
    Conformer conformer_;
    const Json* schemas_ = nullptr;
};

}  // namespace

Status conform_body(
    Json& body, const ResourceType& type, const ClientProfile& profile,
    std::vector<std::string>& ignored
) {
    return body.is_object() ? BodyConformer(type, profile, ignored).conform(body) : Status{};
}

Status conform_value(
    Json& value, const ResolvedName& name, const std::string& path, const ClientProfile& profile,
    std::vector<std::string>& ignored
) {
    if (name.attribute == nullptr) {
        return {};
    }
    // Of filtered elements, the value is one element or one part of them.
    const Attribute& attribute = name.sub == nullptr ? *name.attribute : *name.sub;
    return Conformer(profile, ignored).attribute(attribute, value, path);
}

Status check_body_id(const Json& body, std::string_view id, const ClientProfile& profile) {
    if (profile.other_id_in_body == Rule::accept || !body.is_object()) {
        return {};
    }
    for (const auto& [key, value] : body.items()) {
        if (equals_ignoring_ascii_case(key, "id") && !value.is_null() && value != Json(id)) {
            return fail(profile_refusal(
                profile, "other_id_in_body", "mutability",
                "The body's id differs from the one in the address",
                "leave it out or send the same.", "id"
            ));
        }
    }
    return {};
}

}  // namespace bascule::scim

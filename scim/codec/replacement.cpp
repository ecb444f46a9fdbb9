#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "scim/codec/document.hpp"
#include "scim/codec/values.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> failure(const char* code, std::string path, const std::string& reason) {
    std::string detail = path + " " + reason;
    return tl::unexpected<Error>(Error{
        ErrorKind::invalid_input, code, std::move(detail), std::move(path), {}, {}});
}

std::string notation(const Schema* extension, const Attribute& attribute) {
    return extension == nullptr ? attribute.name : extension->id + ":" + attribute.name;
}

/// Brings what a PUT must not lose from the stored document into the new one.
class Replacement {
  public:
    Replacement(
        const Json& stored, Json wanted, const std::vector<std::string>& cleared,
        const ClientProfile& profile
    )
        : stored_(stored), wanted_(std::move(wanted)), cleared_(cleared), profile_(profile) {}

    Status carry_over(const Schema* extension, const Schema& schema) {
        for (const Attribute& attribute : schema.attributes) {
            BASCULE_CHECK(carry_over(extension, attribute));
        }
        return {};
    }

    Status carry_over(const Schema* extension, const Attribute& attribute) {
        const Json* before = find(stored_, extension, attribute);
        if (before == nullptr || attribute.edge || attribute.derived) {
            return {};
        }
        const std::string path = notation(extension, attribute);
        const Json* after = find(wanted_, extension, attribute);
        const bool cleared = std::find(cleared_.begin(), cleared_.end(), path) != cleared_.end();
        if (attribute.mutability == Mutability::immutable) {
            if (cleared || (after != nullptr && !same_value(attribute, *before, *after))) {
                return failure(
                    "mutability", path, "is immutable: it keeps the value that it was created with."
                );
            }
            put(extension, attribute, *before);
        } else if (attribute.mutability == Mutability::read_only) {
            put(extension, attribute, *before);
        } else if (after == nullptr && !cleared && is_kept_when_omitted(extension, attribute)) {
            put(extension, attribute, *before);
        }
        return {};
    }

    [[nodiscard]] const Json& result() const { return wanted_; }

  private:
    // Clients that PUT only what they know must neither suspend a user nor break a match.
    [[nodiscard]] bool is_kept_when_omitted(const Schema* extension, const Attribute& attribute)
        const {
        return extension == nullptr &&
               ((attribute.name == "active" && profile_.omitted_active == Omitted::keep) ||
                (attribute.name == "externalId" && profile_.omitted_external_id == Omitted::keep));
    }

    static const Json* find(
        const Json& document, const Schema* extension, const Attribute& attribute
    ) {
        const Json* holder = &document;
        if (extension != nullptr) {
            const auto found = document.find(extension->id);
            if (found == document.end()) {
                return nullptr;
            }
            holder = &*found;
        }
        const auto found = holder->find(attribute.name);
        return found == holder->end() ? nullptr : &*found;
    }

    void put(const Schema* extension, const Attribute& attribute, const Json& value) {
        Json& holder = extension == nullptr ? wanted_ : wanted_[extension->id];
        holder[attribute.name] = value;
    }

    const Json& stored_;
    Json wanted_;
    const std::vector<std::string>& cleared_;
    const ClientProfile& profile_;
};

}  // namespace

Result<std::string> replacement_body(
    std::string_view stored, const ResourceDraft& draft, const SchemaRegistry& schemas,
    const ResourceType& type, const ClientProfile& profile
) {
    BASCULE_TRY(const Json before, parse_json(stored));
    BASCULE_TRY(Json wanted, parse_json(draft.body));
    if (const auto id = before.find("id"); id != before.end()) {
        wanted["id"] = *id;
    }
    Replacement replacement(before, std::move(wanted), draft.cleared, profile);
    BASCULE_CHECK(replacement.carry_over(nullptr, *common_schema().find("externalId")));
    BASCULE_CHECK(replacement.carry_over(nullptr, *type.schema));
    for (const auto& extension : type.extensions) {
        BASCULE_CHECK(replacement.carry_over(extension.schema, *extension.schema));
    }
    return canonical_body(replacement.result(), schemas, type);
}

}  // namespace bascule::scim

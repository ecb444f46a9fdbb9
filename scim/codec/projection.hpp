#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/object.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// Which attributes a response shows (RFC 7644 section 3.9; spec'd checks 46 to 55). Names unknown
/// to the type are ignored.
class Projection {
  public:
    /// The default set.
    Projection() = default;
    /// `attributes` and `excluded` are lists of notations; both given is `invalid_value`.
    [[nodiscard]] static Result<Projection> make(
        const std::vector<std::string>& attributes, const std::vector<std::string>& excluded,
        const SchemaRegistry& schemas, const ResourceType& type
    );
    [[nodiscard]] bool is_default() const { return mode_ == Mode::by_default; }
    /// Whether the attribute would appear: lets the caller skip loading members or groups.
    [[nodiscard]] bool shows(const ResolvedName& name) const;

    enum class Mode { by_default, only, without };
    [[nodiscard]] Mode mode() const { return mode_; }
    [[nodiscard]] const std::vector<ResolvedName>& names() const { return names_; }

    /// How much of an attribute appears. For `part` shows_part() tells which sub-attributes.
    enum class Extent { none, part, whole };
    [[nodiscard]] Extent extent(const Schema* extension, const Attribute& attribute) const;
    [[nodiscard]] bool shows_part(
        const Schema* extension, const Attribute& attribute, const Attribute& sub
    ) const;

  private:
    [[nodiscard]] bool names_whole(const Schema* extension, const Attribute& attribute) const;
    [[nodiscard]] bool names_part(const Attribute& attribute, const Attribute* sub) const;
    Mode mode_ = Mode::by_default;
    std::vector<ResolvedName> names_;
};

/// What is spliced into a stored document to make a response.
struct RenderParts {
    std::string_view base_url;      ///< "https://id.example.com/scim/v2"
    std::string_view edge_members;  ///< raw JSON members to splice before meta:
                                    ///< `"members":[…],"groups":[…]`, or empty
    std::string_view manager;  ///< raw JSON object for the enterprise extension's manager, or empty
};

/// The wire text of an object: body + edges + meta (resourceType, created, lastModified, location,
/// version). Copies when the projection is the default; otherwise scans.
[[nodiscard]] std::string render(
    const ResourceType& type, const directory::Object& object, const Projection& projection,
    const RenderParts& parts
);

/// W/"7" for version 7: ETag header and meta.version alike.
[[nodiscard]] std::string entity_tag(std::uint64_t version);

/// "https://…/scim/v2/Users/<id>". A public URL needs no escapes in JSON.
[[nodiscard]] std::string location_of(
    const ResourceType& type, const Uuid& id, std::string_view base_url
);
void append_location(
    std::string& out, const ResourceType& type, const Uuid& id, std::string_view base_url
);

}  // namespace bascule::scim

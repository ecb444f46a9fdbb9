#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/object.hpp"
#include "directory/model/registry.hpp"

namespace bascule::scim {

enum class Mutability { read_write, read_only, write_only, immutable };
enum class Returned { by_default, always, never, on_request };
enum class Uniqueness { none, server, global };

/// An attribute definition (RFC 7643 section 7) plus what the engine needs to know of it.
struct Attribute {
    std::string name;
    directory::ValueType type = directory::ValueType::text;
    bool multi_valued = false;
    std::string description;
    bool required = false;
    std::vector<std::string> canonical_values;
    bool case_exact = false;
    Mutability mutability = Mutability::read_write;
    Returned returned = Returned::by_default;
    Uniqueness uniqueness = Uniqueness::none;
    std::vector<std::string> reference_types;
    std::vector<Attribute> sub_attributes;
    bool searchable = true;  ///< indexed; false for free text such as profile pictures
    /// Kept as edges, not in the document: members, manager, unit members. Its value is an object
    /// id.
    std::optional<directory::EdgeKind> edge;
    /// Computed from edges that end here (User.groups): neither stored nor written.
    bool derived = false;
    /// Of an operator's schema.
    bool own = false;
    /// Stored values may have sub-attributes that are not in this definition (see reduced()).
    bool partial = false;

    /// By name without case, or null.
    [[nodiscard]] const Attribute* sub(std::string_view name) const;
    /// The one write-only value that is taken over, as a hash: User.password.
    [[nodiscard]] bool is_password() const { return mutability == Mutability::write_only && !own; }
    /// Which resource types an attribute kept as edges may refer to.
    [[nodiscard]] const std::vector<std::string>& target_types() const;
};

struct Schema {
    std::string id;
    std::string name;
    std::string description;
    std::vector<Attribute> attributes;
    [[nodiscard]] const Attribute* find(std::string_view name) const;
};

struct ResourceType {
    std::string name;      ///< "User"; also its id
    std::string endpoint;  ///< "/Users"
    std::string description;
    std::string scope;  ///< "users": clients need users:read or users:write
    const Schema* schema = nullptr;
    struct Extension {
        const Schema* schema = nullptr;
        bool required = false;
    };
    std::vector<Extension> extensions;
    directory::TypeId type{};
    /// Everything that is stored is shown by default: documents can be copied to the wire as they
    /// are.
    bool shows_all_by_default = true;
};

/// The attributes that every resource has: schemas, id, externalId, meta (RFC 7643 section 3.1).
[[nodiscard]] const Schema& common_schema();

/// An attribute name that was found in a resource type.
struct ResolvedName {
    const Schema* extension = nullptr;     ///< null for the core schema and common attributes
    const Attribute* attribute = nullptr;  ///< null when the name is an extension URN alone
    const Attribute* sub = nullptr;        ///< null when the whole attribute is meant
    [[nodiscard]] directory::AttributePath path() const;
};

/// How the store compares and indexes an attribute, or one of its sub-attributes.
[[nodiscard]] directory::AttributeSpec spec_of(
    const Schema* extension, const Attribute& attribute, const Attribute* sub
);

struct ResourceTypeFile;
struct OwnSchemas;
struct SchemaFault;

/// All schemas and resource types; loaded from data, immutable afterwards, thread-safe.
class SchemaRegistry {
  public:
    /// The built-in schemas and types (RFC 7643, enterprise, and Bascule's own types).
    [[nodiscard]] static Result<std::unique_ptr<SchemaRegistry>> load_builtin();
    /// The same from texts: schemas in the form of RFC 7643 section 7, and a list of resource
    /// types. Errors: `invalid_schema`.
    [[nodiscard]] static Result<std::unique_ptr<SchemaRegistry>> load(
        const std::vector<std::string_view>& schemas, std::string_view resource_types
    );
    /// The built-in ones with what an operator adds to them (own_schemas.hpp). Null when there are
    /// faults; each of them is told.
    [[nodiscard]] static std::unique_ptr<SchemaRegistry> load_with(
        const OwnSchemas& own, std::vector<SchemaFault>& faults
    );
    ~SchemaRegistry();

    /// Whether an attribute, or one of its sub-attributes, stays. `is_core` tells the schema of a
    /// type from an extension.
    using Keep = std::function<
        bool(const Schema& schema, bool is_core, const Attribute& attribute, const Attribute* sub)>;
    /// A copy in which only what `keep` keeps exists; types and their numbers stay. A complex
    /// attribute stays while one of its sub-attributes does, an extension while one attribute does.
    [[nodiscard]] std::unique_ptr<SchemaRegistry> reduced(const Keep& keep) const;

    /// Adds every resource type to the registry and remembers its TypeId. At start only.
    [[nodiscard]] Status register_types(directory::Registry& registry);
    /// The same while the registry is in use: adds what is new and returns whether anything was.
    /// `conflict`/"schema_changed" when something is missing or declared differently than before.
    [[nodiscard]] Result<bool> extend_types(directory::Registry& registry);

    [[nodiscard]] const ResourceType* find_by_name(std::string_view name) const;
    [[nodiscard]] const ResourceType* find_by_endpoint(std::string_view endpoint) const;
    [[nodiscard]] const ResourceType* find_by_type(directory::TypeId type) const;
    [[nodiscard]] const Schema* find_schema(std::string_view urn) const;
    [[nodiscard]] const std::vector<std::unique_ptr<ResourceType>>& types() const { return types_; }
    [[nodiscard]] const std::vector<std::unique_ptr<Schema>>& schemas() const { return schemas_; }

    /// Finds an attribute by its notation (RFC 7644 section 3.10): "userName", "name.givenName",
    /// "urn:…:User:department", an extension URN alone. Names without case; URNs by longest known
    /// prefix. Common attributes (id, externalId, meta.*, schemas) are known for every type.
    [[nodiscard]] std::optional<ResolvedName> resolve(
        const ResourceType& type, std::string_view notation
    ) const;

  private:
    friend class OwnSchemaLoader;
    SchemaRegistry();
    [[nodiscard]] Status add_builtin();
    [[nodiscard]] static directory::TypeSpec spec_of_type(const ResourceType& type);
    [[nodiscard]] Status add_all(
        const std::vector<std::string_view>& schemas, std::string_view resource_types
    );
    [[nodiscard]] Status add_type(const ResourceTypeFile& file);
    static void note_hidden(ResourceType& type);
    std::vector<std::unique_ptr<Schema>> schemas_;
    std::vector<std::unique_ptr<ResourceType>> types_;
};

}  // namespace bascule::scim

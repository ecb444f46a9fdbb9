#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory/access/access_resolver.hpp"
#include "directory/access/caller.hpp"
#include "directory/base/sealed_text.hpp"
#include "scim/codec/projection.hpp"
#include "scim/profile/client_profile.hpp"
#include "scim/service/list_request.hpp"
#include "scim/service/service.hpp"

namespace bascule::scim {

/// An attribute whose values are edges that start at the object: members, manager.
struct EdgeAttribute {
    ResolvedName name;
    directory::EdgeKind kind{};
    bool multi_valued = true;

    /// Of groups and units: may be very long.
    [[nodiscard]] bool is_member_list() const {
        return multi_valued && !directory::is_own_edge_kind(kind);
    }
};

/// An attribute that one indexed look-up answers: userName, externalId.
struct LookupAttribute {
    std::string name;
    directory::AttributeId id{};
};

/// What the service knows of a resource type beforehand, so that no request works it out again.
struct TypeView {
    const ResourceType* type = nullptr;
    std::vector<EdgeAttribute> edges;
    std::optional<ResolvedName> groups;  ///< User.groups: computed from membership
    std::vector<LookupAttribute> lookups;
    std::string read_scope;
    std::string write_scope;
    std::string noun;              ///< "user", as activities name it
    bool has_member_list = false;  ///< its responses may be long
    bool shows_display = true;     ///< references to such a resource may carry its display name
};

class ClientEngines;

/// Everything that handlers share. Immutable after the constructor, thread-safe.
struct Engine {
    explicit Engine(ServiceDependencies dependencies);
    /// The same for a client that knows a part of the schemas. Both outlive it.
    Engine(const Engine& base_engine, const SchemaRegistry& visible);
    ~Engine();

    ServiceDependencies with;
    std::unique_ptr<ClientEngines> clients;  ///< of the engine that sees everything
    const Engine* base = nullptr;  ///< the engine that sees everything; null: this one does
    const directory::Registry& registry;
    access::AccessResolver access;
    ListLimits list_limits;
    Sealer sealer;  ///< of page cursors
    std::vector<TypeView> views;
    std::string provider_config;  ///< bodies of the discovery endpoints
    std::string resource_types;
    std::string schemas;
    std::unordered_map<std::string, std::string> resource_type_by_name;
    std::unordered_map<std::string, std::string> schema_by_urn;  ///< keys in lower case

    [[nodiscard]] bool sees_everything() const { return base == nullptr; }
    [[nodiscard]] const Engine& whole() const { return base == nullptr ? *this : *base; }
    [[nodiscard]] std::string_view base_url() const { return with.options.base_url; }
    [[nodiscard]] const TypeView* view_of(directory::TypeId type) const;
    /// The attribute that edges of this kind are of, or null.
    [[nodiscard]] const EdgeAttribute* edge_of(directory::EdgeKind kind) const;
};

/// One request on its way through the service.
struct Call {
    const http::Request& request;
    const http::RequestContext& context;
    const access::Caller& caller;
    http::QueryParameters parameters;
    const ClientProfile& profile;
};

/// How the caller is treated. `forbidden`/"unknown_profile" when its profile is configured no
/// longer.
[[nodiscard]] Result<const ClientProfile*> profile_of(
    const Engine& engine, const access::Caller& caller
);

/// How long this caller's lists may be, and how it writes filters.
[[nodiscard]] ListLimits limits_of(const Engine& engine, const Call& call);

/// The id in the path; a text that is no id is `not_found`, like any id that does not exist.
[[nodiscard]] Result<Uuid> target_id(const Call& call, const TypeView& view);

/// "No User has the id …".
[[nodiscard]] Error no_such_resource(const TypeView& view, std::string_view id);

/// The projection that the query parameters ask for.
[[nodiscard]] Result<Projection> projection_of(
    const Engine& engine, const Call& call, const TypeView& view
);

}  // namespace bascule::scim

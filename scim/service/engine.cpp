#include "scim/service/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/discovery.hpp"

namespace bascule::scim {
namespace {

void collect_edges(TypeView& view, const Schema* schema, const Schema* extension) {
    for (const Attribute& attribute : schema->attributes) {
        const ResolvedName name{extension, &attribute, nullptr};
        if (attribute.derived) {
            view.groups = name;
        } else if (attribute.edge) {
            view.edges.push_back({name, *attribute.edge, attribute.multi_valued});
            view.has_member_list = view.has_member_list || attribute.multi_valued;
        }
    }
}

void collect_lookups(TypeView& view, const directory::Registry& registry) {
    for (const directory::AttributeId id : registry.attributes(view.type->type)) {
        const directory::AttributeSpec& spec = registry.spec(id);
        const bool plain = spec.searchable && spec.type == directory::ValueType::text &&
                           spec.path.extension.empty() && spec.path.sub.empty();
        if (plain && (spec.unique || spec.path.name == "externalId")) {
            view.lookups.push_back({spec.path.name, id});
        }
    }
}

void name_scopes(TypeView& view) {
    const std::string_view name = view.type->name;
    if (name == "User") {
        view.read_scope = "users:read";
        view.write_scope = "users:write";
    } else if (name == "Group") {
        view.read_scope = "groups:read";
        view.write_scope = "groups:write";
    } else {
        view.read_scope = "admin:read";
        view.write_scope = "admin:write";
    }
}

/// "RoleAssignment" -> "role assignment".
std::string noun_of(std::string_view type_name) {
    std::string noun;
    for (const char letter : type_name) {
        if (letter >= 'A' && letter <= 'Z') {
            noun += noun.empty() ? "" : " ";
            noun += static_cast<char>(letter - 'A' + 'a');
        } else {
            noun += letter;
        }
    }
    return noun;
}

TypeView make_view(const ResourceType& type, const Engine& engine) {
    TypeView view;
    view.type = &type;
    collect_edges(view, type.schema, nullptr);
    for (const ResourceType::Extension& extension : type.extensions) {
        collect_edges(view, extension.schema, extension.schema);
    }
    collect_lookups(view, engine.registry);
    name_scopes(view);
    view.noun = noun_of(type.name);
    return view;
}

}  // namespace

Engine::Engine(ServiceDependencies dependencies)
    : with(std::move(dependencies)),
      registry(with.store.registry()),
      access(registry),
      list_limits{with.options.default_page_size, with.options.max_results, {}} {
    for (const auto& type : with.schemas.types()) {
        views.push_back(make_view(*type, *this));
    }
    write_discovery(*this);
}

const TypeView* Engine::view_of(directory::TypeId type) const {
    for (const TypeView& view : views) {
        if (view.type->type == type) {
            return &view;
        }
    }
    return nullptr;
}

Result<const ClientProfile*> profile_of(const Engine& engine, const access::Caller& caller) {
    if (const ClientProfile* profile = engine.with.options.profiles.find(caller.profile)) {
        return profile;
    }
    return fail(
        ErrorKind::forbidden, "unknown_profile",
        "This client has the profile '" + printable(caller.profile, 60) +
            "', which is not configured; give it another one with: bascule token set."
    );
}

ListLimits limits_of(const Engine& engine, const Call& call) {
    const ClientProfile& profile = call.profile;
    ListLimits limits = engine.list_limits;
    if (profile.largest_page != 0) {
        limits.max_count = std::min<std::uint64_t>(limits.max_count, profile.largest_page);
        limits.default_count = std::min(limits.default_count, limits.max_count);
    }
    limits.dialect.loose_literals = profile.loose_literals == Rule::accept;
    limits.dialect.eq_and_only = profile.filter_operators == FilterOperators::eq_and;
    limits.dialect.unknown_is_absent = profile.unknown_filter_attribute == Rule::accept;
    limits.dialect.profile = profile.name;
    return limits;
}

Result<Uuid> target_id(const Call& call, const TypeView& view) {
    const std::string_view text = call.request.path_parameters.empty()
                                      ? ""
                                      : std::string_view(call.request.path_parameters.front());
    auto id = parse_uuid(text);
    if (!id) {
        return fail(no_such_resource(view, text));
    }
    return *id;
}

Error no_such_resource(const TypeView& view, std::string_view id) {
    return Error{
        ErrorKind::not_found,
        "not_found",
        "No " + view.type->name + " has the id '" + printable(id, 64) + "'.",
        {},
        {}};
}

Result<Projection> projection_of(const Engine& engine, const Call& call, const TypeView& view) {
    if (call.parameters.all().empty()) {
        return Projection{};
    }
    BASCULE_TRY(const std::string attributes, parameter_once(call.parameters, "attributes"));
    BASCULE_TRY(const std::string excluded, parameter_once(call.parameters, "excludedAttributes"));
    if (attributes.empty() && excluded.empty()) {
        return Projection{};
    }
    return Projection::make(
        split_names(attributes), split_names(excluded), engine.with.schemas, *view.type
    );
}

}  // namespace bascule::scim

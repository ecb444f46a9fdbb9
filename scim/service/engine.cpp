#include "scim/service/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/client_engines.hpp"
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
            view.has_member_list = view.has_member_list || view.edges.back().is_member_list();
        }
    }
}

void collect_lookups(TypeView& view, const Engine& engine) {
    const directory::Registry& registry = engine.registry;
    for (const directory::AttributeId id : registry.attributes(view.type->type)) {
        const directory::AttributeSpec& spec = registry.spec(id);
        const bool plain = spec.searchable && spec.type == directory::ValueType::text &&
                           spec.path.extension.empty() && spec.path.sub.empty();
        const bool known = engine.with.schemas.resolve(*view.type, spec.path.name).has_value();
        if (plain && known && (spec.unique || spec.path.name == "externalId")) {
            view.lookups.push_back({spec.path.name, id});
        }
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

/// Whether nothing of what a display name is made of is hidden.
bool sees_display(const TypeView& view, const Engine& engine) {
    if (engine.sees_everything()) {
        return true;
    }
    const TypeView& whole = *engine.base->view_of(view.type->type);
    const auto is_hidden = [&](const char* name) {
        return engine.base->with.schemas.resolve(*whole.type, name).has_value() &&
               !engine.with.schemas.resolve(*view.type, name).has_value();
    };
    return !is_hidden("displayName") && !is_hidden("name.formatted") && !is_hidden("userName");
}

TypeView make_view(const ResourceType& type, const Engine& engine) {
    TypeView view;
    view.type = &type;
    collect_edges(view, type.schema, nullptr);
    for (const ResourceType::Extension& extension : type.extensions) {
        collect_edges(view, extension.schema, extension.schema);
    }
    collect_lookups(view, engine);
    view.shows_display = sees_display(view, engine);
    view.read_scope = type.scope + ":read";
    view.write_scope = type.scope + ":write";
    view.noun = noun_of(type.name);
    return view;
}

constexpr std::string_view cursor_purpose = "cursors1";

ServiceDependencies with_secret(ServiceDependencies dependencies) {
    if (!dependencies.options.secret) {
        dependencies.options.secret = std::make_shared<const Secret>(Sealer::random_secret());
    }
    return dependencies;
}

}  // namespace

Engine::Engine(ServiceDependencies dependencies)
    : with(with_secret(std::move(dependencies))),
      registry(with.store.registry()),
      access(registry),
      list_limits{with.options.default_page_size, with.options.max_results, {}},
      sealer(*with.options.secret, cursor_purpose) {
    for (const auto& type : with.schemas.types()) {
        views.push_back(make_view(*type, *this));
    }
    write_discovery(*this);
    clients = std::make_unique<ClientEngines>(*this);
}

Engine::~Engine() = default;

Engine::Engine(const Engine& base_engine, const SchemaRegistry& visible)
    : with{base_engine.with.store,       visible,
           base_engine.with.authority,   base_engine.with.clock,
           base_engine.with.credentials, base_engine.with.options,
           base_engine.with.asynchronous},
      base(&base_engine),
      registry(with.store.registry()),
      access(registry),
      list_limits(base_engine.list_limits),
      sealer(*with.options.secret, cursor_purpose) {
    for (const auto& type : visible.types()) {
        views.push_back(make_view(*type, *this));
    }
}

const TypeView* Engine::view_of(directory::TypeId type) const {
    for (const TypeView& view : views) {
        if (view.type->type == type) {
            return &view;
        }
    }
    return nullptr;
}

const EdgeAttribute* Engine::edge_of(directory::EdgeKind kind) const {
    for (const TypeView& view : views) {
        for (const EdgeAttribute& attribute : view.edges) {
            if (attribute.kind == kind) {
                return &attribute;
            }
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

#include "scim/service/service.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/address.hpp"
#include "scim/service/bulk.hpp"
#include "scim/service/change_record.hpp"
#include "scim/service/client_engines.hpp"
#include "scim/service/discovery_handlers.hpp"
#include "scim/service/engine.hpp"
#include "scim/service/me.hpp"
#include "scim/service/negotiation.hpp"
#include "scim/service/permission.hpp"
#include "scim/service/preference.hpp"
#include "scim/service/read_operations.hpp"
#include "scim/service/scim_error.hpp"
#include "scim/service/write_operations.hpp"

namespace bascule::scim {
namespace {

using http::Method;
using http::Pool;
using http::Request;
using http::RequestContext;
using http::Response;
using http::Route;

using Operation = Result<Response> (*)(const Engine&, const TypeView&, const Call&);
using RootOperation = Result<Response> (*)(const Engine&, const Call&);

bool is_write(Method method, std::string_view pattern) {
    return method == Method::put || method == Method::patch || method == Method::delete_ ||
           (method == Method::post && !pattern.ends_with("/.search"));
}

/// What is still to be sent of an answer refers to the engine that made it.
Result<Response> keeping(std::shared_ptr<const Engine> engine, Result<Response> result) {
    struct Kept {
        std::shared_ptr<const Engine> engine;
        std::shared_ptr<http::BodySource> rest;
    };
    if (engine && result && result->rest) {
        const auto kept = std::make_shared<Kept>(Kept{std::move(engine), std::move(result->rest)});
        result->rest = std::shared_ptr<http::BodySource>(kept, kept->rest.get());
    }
    return result;
}

/// A JSON Web Token starts so. Checking it may mean to fetch its issuer's keys first.
bool may_wait_for_keys(const Request& request) {
    constexpr std::string_view start = "bearer ey";
    return equals_ignoring_ascii_case(
        request.header("authorization").substr(0, start.size()), start
    );
}

Response finish(Result<Response> result, std::string_view request_id) {
    return result ? *std::move(result) : scim_error(result.error(), request_id);
}

bool is_list(Operation operation) {
    return operation == list_resources || operation == search_resources;
}

/// Adds routes to the server's router and to a table of its own, which knows the methods of every
/// path.
class RouteTable {
  public:
    RouteTable(const Engine& engine, http::Router& router, Authenticate authenticate)
        : engine_(engine),
          router_(router),
          known_(std::make_shared<http::Router>()),
          authenticate_(std::make_shared<const Authenticate>(std::move(authenticate))) {}

    /// Each endpoint is there in lower case too; whether that is taken is for the profile to say.
    Status add_type(const TypeView& view) {
        BASCULE_CHECK(add_type(view, view.type->endpoint));
        const std::string lower = to_ascii_lower(view.type->endpoint);
        return lower == view.type->endpoint ? Status{} : add_type(view, lower);
    }

    Status add_type(const TypeView& view, const std::string& endpoint) {
        const std::string base = std::string(root) + endpoint;
        const std::string one = base + "/{}";
        BASCULE_CHECK(
            add(view, Method::get, one, Pool::read, "Reads one " + view.noun + ".", get_resource)
        );
        BASCULE_CHECK(
            add(view, Method::get, base, Pool::read, "Lists " + view.noun + "s.", list_resources)
        );
        BASCULE_CHECK(
            add(view, Method::post, base + "/.search", Pool::read, "Searches " + view.noun + "s.",
                search_resources)
        );
        BASCULE_CHECK(add(
            view, Method::post, base, Pool::write, "Creates a " + view.noun + ".", create_resource
        ));
        BASCULE_CHECK(add(
            view, Method::put, one, Pool::write, "Replaces a " + view.noun + ".", replace_resource
        ));
        BASCULE_CHECK(add(
            view, Method::patch, one, Pool::write, "Changes a " + view.noun + ".", patch_resource
        ));
        return add(
            view, Method::delete_, one, Pool::write, "Deletes a " + view.noun + ".", delete_resource
        );
    }

    Status add_root() {
        const std::string base(root);
        BASCULE_CHECK(add_search(Method::get, base, list_all));
        return add_search(Method::post, base + "/.search", search_all);
    }

    /// Its operations are authorised one by one.
    Status add_bulk() {
        Route route;
        route.method = Method::post;
        route.pattern = std::string(root) + "/Bulk";
        route.pool = Pool::write;
        route.body_limit = engine_.with.options.bulk.max_payload;
        route.description = "Carries out many changes.";
        return add_unscoped(std::move(route), answer_bulk, authenticate_);
    }

    /// What a person may see of himself needs no scope.
    Status add_me(Authenticate authenticate) {
        const auto person = authenticate
                                ? std::make_shared<const Authenticate>(std::move(authenticate))
                                : authenticate_;
        for (const Method method :
             {Method::get, Method::post, Method::put, Method::patch, Method::delete_}) {
            Route route;
            route.method = method;
            route.pattern = std::string(root) + "/Me";
            const bool changes = method == Method::put || method == Method::patch;
            route.pool = changes ? Pool::write : Pool::read;
            route.description = method == Method::get ? "Reads the user who is signed in."
                                : changes             ? "Changes what people may of themselves."
                                                      : "Is refused: nobody makes himself.";
            BASCULE_CHECK(add_unscoped(
                std::move(route),
                method == Method::get ? get_me
                : changes             ? change_me
                                      : refuse_change_of_me,
                person
            ));
        }
        return {};
    }

    /// Readable without authentication.
    Status add_discovery(bool lower_case) {
        const auto path = [lower_case](std::string_view endpoint) {
            return std::string(root) +
                   (lower_case ? to_ascii_lower(endpoint) : std::string(endpoint));
        };
        Route config;
        config.method = Method::get;
        config.pattern = path("/ServiceProviderConfig");
        config.description = "Describes the service.";
        config.choose_pool = [](const Request& request) {
            return may_wait_for_keys(request) ? Pool::read : Pool::inline_;
        };
        config.handler = provider_config_handler(engine_, authenticate_);
        BASCULE_CHECK(add(std::move(config)));
        BASCULE_CHECK(add_document(path("/ResourceTypes"), list_handler(engine_.resource_types)));
        BASCULE_CHECK(add_document(path("/Schemas"), list_handler(engine_.schemas)));
        BASCULE_CHECK(add_document(
            path("/ResourceTypes/{}"), part_handler(engine_.resource_type_by_name, PartNames::exact)
        ));
        return add_document(
            path("/Schemas/{}"), part_handler(engine_.schema_by_urn, PartNames::any_case)
        );
    }

    /// Everything else below /scim, last.
    Status add_remaining() {
        const auto answer = [known = known_](
                                const Request& request, const RequestContext& context
                            ) { return answer_remaining(*known, request, context); };
        constexpr std::array methods{Method::get,     Method::post,    Method::put,  Method::patch,
                                     Method::delete_, Method::options, Method::other};
        for (const Method method : methods) {
            Route route;
            route.method = method;
            route.pattern = "/scim/{*}";
            route.pool = Pool::inline_;
            route.description = "Answers for paths and methods that are not served.";
            route.handler = answer;
            BASCULE_CHECK(router_.add(std::move(route)));
        }
        return {};
    }

  private:
    Status add_document(const std::string& pattern, http::Handler handler) {
        return add(
            Method::get, pattern, Pool::inline_, "Describes the service.", std::move(handler)
        );
    }

    Status add(
        Method method, const std::string& pattern, Pool pool, std::string description,
        http::Handler handler
    ) {
        Route route;
        route.method = method;
        route.pattern = pattern;
        route.pool = pool;
        route.description = std::move(description);
        route.handler = std::move(handler);
        return add(std::move(route));
    }

    /// A route whose operation asks for no scope of its own.
    Status add_unscoped(
        Route route, RootOperation operation, std::shared_ptr<const Authenticate> authenticate
    ) {
        route.handler = [this_engine = &engine_, operation, authenticate = std::move(authenticate)](
                            const Request& request, const RequestContext& context
                        ) {
            const auto caller = (*authenticate)(request, context);
            if (!caller) {
                return scim_error(caller.error(), context.request_id);
            }
            if (auto media = check_media(request); !media) {
                return scim_error(media.error(), context.request_id);
            }
            const auto profile = profile_of(*this_engine, *caller);
            if (!profile) {
                return scim_error(profile.error(), context.request_id);
            }
            const Call call{
                request, context, *caller, http::QueryParameters(request.query), **profile};
            const auto limited = this_engine->clients->engine_for(*caller);
            return finish(
                keeping(limited, operation(limited ? *limited : *this_engine, call)),
                context.request_id
            );
        };
        return add(std::move(route));
    }

    Status add(Route route) {
        Route known;
        known.method = route.method;
        known.pattern = route.pattern;
        BASCULE_CHECK(known_->add(std::move(known)));
        route.may_compress = true;  // what is returned "never" stands in no answer
        return router_.add(std::move(route));
    }

    Status add(
        const TypeView& view, Method method, const std::string& pattern, Pool pool,
        std::string description, Operation operation
    ) {
        Route route;
        route.method = method;
        route.pattern = pattern;
        route.pool = pool;
        route.description = std::move(description);
        const ServiceOptions& options = engine_.with.options;
        route.body_limit = view.has_member_list ? options.member_body_limit : options.body_limit;
        if (method == Method::get) {
            const auto choose = operation == get_resource ? pool_of_get : pool_of_list;
            route.choose_pool = [&view, choose](const Request& request) {
                return may_wait_for_keys(request) ? Pool::read : choose(view, request);
            };
        }
        const bool writes = is_write(method, pattern);
        route.handler = [this_engine = &engine_, &view, operation, writes,
                         authenticate =
                             authenticate_](const Request& request, const RequestContext& context) {
            return handle_typed(
                *this_engine, view, operation, writes, *authenticate, request, context
            );
        };
        return add(std::move(route));
    }

    static Result<Response> answer_bulk(const Engine& engine, const Call& call) {
        if (auto later = answer_later(engine, call)) {
            return *std::move(later);
        }
        return run_bulk_request(engine, call);
    }

    /// The answer of a request that its client does not wait for.
    static std::optional<Response> answer_later(const Engine& engine, const Call& call) {
        AsyncGate* const gate = engine.with.asynchronous;
        return gate == nullptr ? std::nullopt
                               : gate->accept(call.request, call.context, call.caller);
    }

    static Response handle_typed(
        const Engine& engine, const TypeView& view, Operation operation, bool writes,
        const Authenticate& authenticate, const Request& request, const RequestContext& context
    ) {
        const auto caller = authenticate(request, context);
        if (!caller) {
            return scim_error(caller.error(), context.request_id);
        }
        const auto profile = profile_of(engine, *caller);
        if (!profile) {
            return scim_error(profile.error(), context.request_id);
        }
        const Call call{request, context, *caller, http::QueryParameters(request.query), **profile};
        const auto limited = engine.clients->engine_for(*caller);
        const Engine& seen = limited ? *limited : engine;
        const TypeView& seen_view = limited ? *seen.view_of(view.type->type) : view;
        const std::string_view scope = writes ? view.write_scope : view.read_scope;
        Result<Response> result;
        if (auto spelt = check_spelling(view, call); !spelt) {
            result = fail(spelt.error());
        } else if (auto permitted = require_scope(*caller, scope); !permitted) {
            result = is_list(operation) && call.profile.list_without_scope == Rule::accept
                         ? Result<Response>(empty_list())
                         : fail(permitted.error());
        } else if (auto media = check_media(request); !media) {
            result = fail(media.error());
        } else if (auto later = writes ? answer_later(engine, call) : std::nullopt) {
            return *std::move(later);
        } else {
            result = keeping(limited, operation(seen, seen_view, call));
        }
        if (!result && writes && is_refusal(result.error()) && !preferences_of(request).dry_run) {
            journal_refusal(engine, view, call, result.error());
        }
        return finish(std::move(result), context.request_id);
    }

    Status add_search(Method method, const std::string& path, RootOperation operation) {
        const auto answer = [this_engine = &engine_, operation, authenticate = authenticate_](
                                const Request& request, const RequestContext& context
                            ) {
            return handle_root(*this_engine, operation, *authenticate, request, context);
        };
        return add(method, path, Pool::read, "Searches every resource type.", answer);
    }

    static Response handle_root(
        const Engine& engine, RootOperation operation, const Authenticate& authenticate,
        const Request& request, const RequestContext& context
    ) {
        const auto caller = authenticate(request, context);
        if (!caller) {
            return scim_error(caller.error(), context.request_id);
        }
        const bool may_read =
            std::any_of(engine.views.begin(), engine.views.end(), [&](const TypeView& view) {
                return caller->has_scope(view.read_scope);
            });
        if (!may_read) {
            return scim_error(insufficient_scope("users:read"), context.request_id);
        }
        if (auto media = check_media(request); !media) {
            return scim_error(media.error(), context.request_id);
        }
        const auto profile = profile_of(engine, *caller);
        if (!profile) {
            return scim_error(profile.error(), context.request_id);
        }
        const Call call{request, context, *caller, http::QueryParameters(request.query), **profile};
        const auto limited = engine.clients->engine_for(*caller);
        return finish(
            keeping(limited, operation(limited ? *limited : engine, call)), context.request_id
        );
    }

    const Engine& engine_;
    http::Router& router_;
    std::shared_ptr<http::Router> known_;
    std::shared_ptr<const Authenticate> authenticate_;
};

}  // namespace

Service::Service(ServiceDependencies dependencies)
    : engine_(std::make_unique<const Engine>(std::move(dependencies))) {}

Service::~Service() = default;

const ProfileRegistry& Service::profiles() const {
    return engine_->with.options.profiles;
}

Status Service::add_routes(
    http::Router& router, Authenticate authenticate, Authenticate authenticate_person
) {
    RouteTable table(*engine_, router, std::move(authenticate));
    for (const TypeView& view : engine_->views) {
        BASCULE_CHECK(table.add_type(view));
    }
    BASCULE_CHECK(table.add_root());
    BASCULE_CHECK(table.add_bulk());
    BASCULE_CHECK(table.add_me(std::move(authenticate_person)));
    BASCULE_CHECK(table.add_discovery(false));
    // SailPoint and others ask for /schemas; nobody is known here whose profile could mind.
    BASCULE_CHECK(table.add_discovery(true));
    return table.add_remaining();
}

}  // namespace bascule::scim

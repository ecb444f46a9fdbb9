#include "scim/service/me.hpp"

#include <memory>

#include "directory/base/text.hpp"
#include "scim/service/change_record.hpp"
#include "scim/service/permission.hpp"
#include "scim/service/preference.hpp"
#include "scim/service/read_operations.hpp"
#include "scim/service/scim_error.hpp"
#include "scim/service/write_operations.hpp"

namespace bascule::scim {
namespace {

bool is_person(const access::Caller& caller) {
    return caller.actor.kind == directory::ActorKind::user && caller.actor.id;
}

Result<Uuid> user_behind(const access::Caller& caller) {
    if (is_person(caller)) {
        return *caller.actor.id;
    }
    if (caller.user) {
        return *caller.user;
    }
    return fail(
        ErrorKind::not_found, "no_user",
        "/Me is the user who is signed in or for whom a client acts, and there is none behind this "
        "request. Use the address of the user, /Users/<id>, or bind the client with: bascule "
        "client set NAME --user USER."
    );
}

Result<const TypeView*> users_of(const Engine& engine) {
    const auto type = engine.registry.find_type("User");
    const TypeView* view = type ? engine.view_of(*type) : nullptr;
    if (view == nullptr) {
        return fail(ErrorKind::unsupported, "not_implemented", "There are no users here.");
    }
    return view;
}

tl::unexpected<Error> refused(std::string detail) {
    return fail(ErrorKind::forbidden, "read_only_profile", std::move(detail));
}

/// Whether the caller may change anything of its user at all.
Status check_may_change(const Engine& engine, const access::Caller& caller) {
    if (!is_person(caller)) {
        BASCULE_CHECK(require_scope(caller, "me:write"));
    }
    if (engine.with.options.own_attributes.empty()) {
        return refused(
            "People change nothing of their own entry here (self_service.account.attributes); ask "
            "an administrator. The password has POST /api/v1/account/change-password."
        );
    }
    return {};
}

/// The caller with the rights that people have over their own entries.
access::Caller as_oneself(const Engine& engine, const access::Caller& caller) {
    access::Caller changed = caller;
    changed.own_entry = std::make_shared<const access::NameRule>(access::NameRule{
        engine.with.options.own_attributes, {}});
    return changed;
}

Result<http::Response> change(const Engine& engine, const TypeView& view, const Call& call) {
    BASCULE_CHECK(check_may_change(engine, call.caller));
    const access::Caller caller = as_oneself(engine, call.caller);
    const Call own{call.request, call.context, caller, call.parameters, call.profile};
    return call.request.method == http::Method::put ? replace_resource(engine, view, own)
                                                    : patch_resource(engine, view, own);
}

/// The same request at the address of the user.
http::Request request_of(const Call& call, const Uuid& user) {
    http::Request request = call.request;
    request.path_parameters = {user.to_string()};
    return request;
}

}  // namespace

Result<http::Response> get_me(const Engine& engine, const Call& call) {
    BASCULE_TRY(const Uuid id, user_behind(call.caller));
    if (!is_person(call.caller) && !call.caller.has_scope("users:read")) {
        BASCULE_CHECK(require_scope(call.caller, "me:read"));
    }
    BASCULE_TRY(const TypeView* const view, users_of(engine));
    const http::Request request = request_of(call, id);
    const Call own{request, call.context, call.caller, call.parameters, call.profile};
    BASCULE_TRY(http::Response response, get_resource(engine, *view, own));
    response.set("Location", location_of(*view->type, id, engine.base_url()));
    return response;
}

Result<http::Response> change_me(const Engine& engine, const Call& call) {
    BASCULE_TRY(const Uuid id, user_behind(call.caller));
    BASCULE_TRY(const TypeView* const view, users_of(engine));
    const http::Request request = request_of(call, id);
    const Call own{request, call.context, call.caller, call.parameters, call.profile};
    auto outcome = change(engine, *view, own);
    if (!outcome && is_refusal(outcome.error()) && !preferences_of(request).dry_run) {
        journal_refusal(engine, *view, own, outcome.error());
    }
    return outcome;
}

Result<http::Response> refuse_change_of_me(const Engine&, const Call& call) {
    BASCULE_CHECK(user_behind(call.caller));
    return refused(
        "Nobody creates or deletes the own entry; ask an administrator. PATCH /Me changes what "
        "people may change of themselves."
    );
}

Status check_own_attributes(const SchemaRegistry& schemas, const std::vector<std::string>& names) {
    const ResourceType* users = schemas.find_by_name("User");
    for (const std::string& name : names) {
        const auto found = users == nullptr ? std::nullopt : schemas.resolve(*users, name);
        const bool is_password =
            found && found->attribute != nullptr && found->attribute->name == "password";
        if (!found || is_password) {
            return fail(Error{
                ErrorKind::invalid_input,
                "invalid_own_attribute",
                is_password ? "self_service.account.attributes has the password, which people "
                              "change with POST /api/v1/account/change-password only."
                            : "self_service.account.attributes names '" + printable(name, 200) +
                                  "', which users do not have.",
                "self_service.account.attributes",
                {},
                {}});
        }
    }
    return {};
}

}  // namespace bascule::scim

#include "daemon/admin/admin_routes.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http/api/problem.hpp"

namespace bascule::daemon {
namespace {

std::string user_name(unsigned id) {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        return found->pw_name;
    }
    return "uid " + std::to_string(id);
}

bool is_operator(const http::LocalPeer& peer) {
    return peer.user == 0 || peer.user == geteuid() ||
           std::ranges::find(peer.groups, getegid()) != peer.groups.end();
}

}  // namespace

Result<access::Caller> operator_of(const http::RequestContext& context) {
    if (!context.local_peer || !is_operator(*context.local_peer)) {
        return fail(
            ErrorKind::forbidden, "not_an_operator",
            "Only root, the service's own user and members of its group may do this."
        );
    }
    access::Caller caller;
    caller.actor.kind = directory::ActorKind::operator_;
    caller.actor.name = user_name(context.local_peer->user);
    caller.scopes = {"users:write", "groups:write", "privileges:write", "admin:write"};
    caller.source_address = context.source_address;
    caller.request_id = context.request_id;
    caller.origin = "CLI";
    return caller;
}

Status add_operator_route(
    http::Router& router, http::Method method, std::string pattern, std::string description,
    OperatorHandler handler
) {
    http::Route route;
    route.method = method;
    route.pattern = std::move(pattern);
    route.pool = http::Pool::admin;
    route.description = std::move(description);
    route.handler = [run = std::move(handler
                     )](const http::Request& request, const http::RequestContext& context) {
        const auto caller = operator_of(context);
        if (!caller) {
            return http::problem(caller.error(), context.request_id);
        }
        auto response = run(request, *caller);
        return response ? *std::move(response)
                        : http::problem(response.error(), context.request_id);
    };
    return router.add(std::move(route));
}

}  // namespace bascule::daemon

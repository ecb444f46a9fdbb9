// What streams have to do with the clients that receive them.
#include <algorithm>
#include <utility>

#include "daemon/events/stream_service.hpp"
#include "directory/base/text.hpp"

namespace bascule::daemon {

using scim::events::Delivery;
using scim::events::EventStream;

namespace {

Error invalid(std::string field, std::string detail) {
    return Error{
        ErrorKind::invalid_input, "invalid_stream", std::move(detail), std::move(field), {}};
}

bool reads_resources(std::string_view scope) {
    return scope.ends_with(":read") && scope != "events:read" && scope != "me:read";
}

bool contains(const std::vector<std::string>& scopes, std::string_view scope) {
    return std::ranges::find(scopes, scope) != scopes.end();
}

}  // namespace

Status StreamService::check_scopes(const std::vector<std::string>& scopes) const {
    const std::vector<std::string> known = tokens_.known_scopes();
    for (const std::string& scope : scopes) {
        if (!reads_resources(scope) || !contains(known, scope)) {
            return fail(invalid(
                "scopes",
                "A stream has scopes that read resources, such as users:read, groups:read and "
                "admin:read; there is no '" +
                    printable(scope, 40) + "'."
            ));
        }
    }
    return scopes.empty() ? fail(invalid("scopes", "A stream needs at least one scope."))
                          : Status{};
}

Status StreamService::name_client(EventStream& wanted) {
    if (wanted.client_name.empty()) {
        return {};
    }
    const auto found = tokens_.look_up(wanted.client_name);
    if (!found) {
        return fail(
            ErrorKind::not_found, "not_found",
            "There is no token '" + printable(wanted.client_name) + "' that is valid."
        );
    }
    if (wanted.delivery == Delivery::poll && !contains(found->scopes, "events:read")) {
        return fail(invalid(
            "client", "The token '" + found->name +
                          "' lacks the scope events:read, so it cannot "
                          "poll. Make one with it: bascule token create --scope events:read …"
        ));
    }
    wanted.client = found->id;
    wanted.client_name = found->name;
    return {};
}

void StreamService::follow_client(EventStream& stream) const {
    if (!stream.client) {
        return;
    }
    auto client = tokens_.look_up(stream.client->to_string());
    stream.client_gone = !client;
    stream.rules = client ? std::move(client->shared_rules) : nullptr;
    if (client && stream.by_client) {
        stream.client_scopes = readable(client->scopes);
        stream.client_gone =
            stream.client_scopes.empty() || !contains(client->scopes, "events:read");
    }
}

std::vector<std::string> StreamService::readable(const std::vector<std::string>& scopes) const {
    access::Caller client;
    client.scopes = scopes;
    std::vector<std::string> found;
    for (const std::string& scope : tokens_.known_scopes()) {
        if (reads_resources(scope) && client.has_scope(scope)) {
            found.push_back(scope);
        }
    }
    return found;
}

std::string StreamService::seal(const Uuid& stream, const Secret& authorization) const {
    return authorization.empty() ? std::string{}
                                 : sealer_.seal(authorization.reveal(), stream.to_string());
}

Result<Secret> StreamService::authorization_of(const EventStream& stream) const {
    if (stream.authorization.empty()) {
        return Secret();
    }
    auto text = sealer_.open(stream.authorization, stream.id.to_string());
    if (!text) {
        return fail(
            ErrorKind::internal, "authorization_unreadable",
            "The Authorization header of the stream was sealed with another installation.key; its "
            "receiver gives it again."
        );
    }
    return Secret(*std::move(text));
}

}  // namespace bascule::daemon

#include "connectors/ldap/dialects/active_directory/controller.hpp"

#include <fmt/format.h>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"
#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "connectors/ldap/dialects/dialect.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/server_clock.hpp"

namespace bascule::ldap {
namespace {

using directory::SourceEntry;
using std::chrono::milliseconds;

Result<SourceEntry> read_one(
    Connection& connection, std::string base, std::vector<std::string> attributes, Deadline deadline
) {
    SearchRequest request;
    request.base = std::move(base);
    request.attributes = std::move(attributes);
    BASCULE_TRY(auto entries, connection.search(request, deadline));
    return entries.empty() ? SourceEntry() : std::move(entries.front());
}

}  // namespace

Time Controller::now() const {
    return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()) + clock_offset;
}

Result<Controller> read_controller(
    Connection& connection, const std::string& base, Deadline deadline
) {
    Controller controller;
    BASCULE_TRY(const auto root, read_root_entry(connection, deadline));
    controller.clock_offset = clock_offset(root.first_value(domain_clock.attribute));
    BASCULE_TRY(controller.naming_context, naming_context_of(connection, base, deadline));
    auto domain =
        read_one(connection, controller.naming_context, {"objectSid", "lockoutDuration"}, deadline);
    if (!domain && domain.error().kind == ErrorKind::not_found) {
        return fail(Error{
            ErrorKind::not_found,
            "base_missing",
            fmt::format(
                "The base {} is not in the directory, or may not be seen by the service account. "
                "The mirrored data is kept. Check sources[].base and the account's rights.",
                base
            ),
            {},
            domain.error().context,
            {}});
    }
    BASCULE_TRY(const auto head, std::move(domain));
    if (const auto& sid = head.values("objectSid"); !sid.empty()) {
        controller.domain_sid = sid_text(sid.front()).value_or("");
    }
    if (const auto ticks = integer_value(head, "lockoutDuration")) {
        controller.lockout = duration_from_ticks(*ticks);
    }
    if (const auto& service = root.values("dsServiceName"); !service.empty()) {
        controller.service_name = service.front();
        // An account that may not read it does without: then a restored backup is not noticed.
        const auto settings =
            read_one(connection, controller.service_name, {"invocationId"}, deadline);
        if (settings && !settings->values("invocationId").empty()) {
            BASCULE_TRY(
                controller.database, guid_from_wire(settings->values("invocationId").front())
            );
        }
    }
    return controller;
}

Result<bool> sees_deleted_objects(
    Connection& connection, const Controller& controller, milliseconds patience
) {
    constexpr const char* enough = "enough";
    SearchRequest request;
    request.base =
        fmt::format("<WKGUID=18E2EA80684F11D2B9AA00C04F79F805,{}>", controller.naming_context);
    request.scope = SearchScope::subtree;
    request.filter = "(&(isDeleted=TRUE)(lastKnownParent=*))";
    request.attributes = {"1.1"};
    const auto end = search_with_controls(
        connection, request, {{show_deleted_oid, {}, true}}, patience,
        [](const SourceEntry&) -> Status { return fail(ErrorKind::conflict, enough, ""); }
    );
    if (end || end.error().code == enough) {
        return !end;
    }
    return fail(end.error());
}

}  // namespace bascule::ldap

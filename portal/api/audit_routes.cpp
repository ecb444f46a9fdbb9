#include <array>

#include "portal/api/journal_json.hpp"
#include "portal/api/json_body.hpp"
#include "portal/api/route_support.hpp"

namespace bascule::portal {
namespace {

using access::Caller;
using directory::JournalRecord;
using http::Method;
using http::Pool;
using http::Request;
using http::RequestContext;
using http::Response;
using nlohmann::ordered_json;

constexpr std::array readers{access::Role::reports_reader, access::Role::global_administrator};

Result<Response> audit(
    const Services& services, const access::AccessResolver& resolver, const Request& request,
    const RequestContext& context
) {
    BASCULE_TRY(const Caller caller, services.authenticator.authenticate(request, context));
    BASCULE_TRY(const auto query, journal_query(request));
    std::vector<JournalRecord> records;
    BASCULE_CHECK(services.store.read([&](directory::Reader& reader) -> Status {
        bool may_read = caller.has_scope("admin:read");
        if (!may_read && caller.actor.id) {
            BASCULE_TRY(
                may_read, resolver.holds_for_organisation(reader, *caller.actor.id, readers)
            );
        }
        if (!may_read) {
            return fail(
                ErrorKind::forbidden, "not_authorised",
                "Only a Reports Reader or a Global Administrator may read the audit log."
            );
        }
        BASCULE_TRY(records, reader.journal(query));
        return {};
    }));
    ordered_json list = ordered_json::array();
    for (const JournalRecord& record : records) {
        list.push_back(describe(record));
    }
    return json_response({{"records", std::move(list)}});
}

}  // namespace

Status add_audit_routes(http::Router& router, const Services& services) {
    return add_route(
        router,
        {Method::get, "/api/v1/audit", Pool::read,
         "What happened: every sign-in, reset and change, with its outcome."},
        [services, resolver = access::AccessResolver(services.store.registry())](
            const Request& request, const RequestContext& context
        ) { return audit(services, resolver, request, context); }
    );
}

}  // namespace bascule::portal

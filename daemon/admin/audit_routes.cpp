#include <algorithm>

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"
#include "portal/api/journal_json.hpp"

namespace bascule::daemon {
namespace {

Result<http::Response> read(directory::Store& store, const http::Request& request) {
    BASCULE_TRY(auto query, portal::journal_query(request));
    query.newest_first = !http::QueryParameters(request.query).get("after").has_value();
    std::vector<directory::JournalRecord> records;
    std::int64_t last = 0;
    BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(records, reader.journal(query));
        BASCULE_TRY(last, reader.last_sequence());
        return {};
    }));
    if (query.newest_first) {
        std::ranges::reverse(records);
    }
    auto list = nlohmann::json::array();
    for (const directory::JournalRecord& record : records) {
        list.push_back(nlohmann::json(portal::describe(record)));
    }
    return json_response({{"records", std::move(list)}, {"last", last}});
}

}  // namespace

Status add_audit_routes(http::Router& router, directory::Store& store) {
    return add_operator_route(
        router, http::Method::get, "/v1/audit",
        "Journal records: the newest ones, or with `after` the next ones; in the order of time.",
        [&store](const http::Request& request, const access::Caller&) {
            return read(store, request);
        }
    );
}

}  // namespace bascule::daemon

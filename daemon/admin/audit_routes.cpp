#include <algorithm>
#include <charconv>

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;
constexpr std::size_t most_records = 1000;

const char* word(directory::ActorKind kind) {
    switch (kind) {
        case directory::ActorKind::system:
            return "system";
        case directory::ActorKind::source:
            return "source";
        case directory::ActorKind::user:
            return "user";
        case directory::ActorKind::token:
            return "token";
        case directory::ActorKind::operator_:
            return "operator";
    }
    return "system";
}

const char* word(directory::Outcome outcome) {
    switch (outcome) {
        case directory::Outcome::success:
            return "success";
        case directory::Outcome::refused:
            return "refused";
        case directory::Outcome::failed:
            return "failed";
    }
    return "failed";
}

json describe(const directory::JournalRecord& record) {
    json value{
        {"sequence", record.sequence},     {"time", format_time(record.time)},
        {"actor", record.actor.name},      {"actorKind", word(record.actor.kind)},
        {"origin", record.origin},         {"activity", record.activity},
        {"outcome", word(record.outcome)},
    };
    const auto put = [&value](const char* name, const std::string& text) {
        if (!text.empty()) {
            value[name] = text;
        }
    };
    put("reason", record.reason);
    put("target", record.target ? record.target->to_string() : "");
    put("targetType", record.target_type);
    put("targetDisplay", record.target_display);
    put("sourceAddress", record.source_address);
    put("requestId", record.request_id);
    if (!record.details.empty()) {
        json details = json::object();
        for (const auto& [name, text] : record.details) {
            details[name] = text;
        }
        value["details"] = std::move(details);
    }
    return value;
}

std::int64_t number(
    const http::QueryParameters& parameters, std::string_view name, std::int64_t otherwise
) {
    const auto text = parameters.get(name);
    std::int64_t value = otherwise;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return value;
}

Result<directory::JournalQuery> read_query(const http::Request& request) {
    const http::QueryParameters parameters(request.query);
    directory::JournalQuery query;
    query.after = number(parameters, "after", 0);
    query.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(
        number(parameters, "limit", 20), 1, static_cast<std::int64_t>(most_records)
    ));
    query.newest_first = !parameters.get("after").has_value();
    query.actor = parameters.get("actor").value_or("");
    query.activity = parameters.get("activity").value_or("");
    if (const auto target = parameters.get("target")) {
        BASCULE_TRY(query.target, parse_uuid(*target));
    }
    return query;
}

Result<http::Response> read(directory::Store& store, const http::Request& request) {
    BASCULE_TRY(const auto query, read_query(request));
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
    json value = json::array();
    for (const directory::JournalRecord& record : records) {
        value.push_back(describe(record));
    }
    return json_response({{"records", std::move(value)}, {"last", last}});
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

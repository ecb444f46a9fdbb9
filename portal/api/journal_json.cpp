#include "portal/api/journal_json.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "directory/base/time.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::portal {

using directory::JournalRecord;
using directory::Outcome;
using http::Request;
using nlohmann::ordered_json;

namespace {

std::string_view word_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::success:
            return "success";
        case Outcome::refused:
            return "refused";
        case Outcome::failed:
            return "failed";
    }
    return "failed";
}

std::string_view word_of(directory::ActorKind kind) {
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

ordered_json id_or_null(const std::optional<Uuid>& id) {
    return id ? ordered_json(id->to_string()) : ordered_json(nullptr);
}

/// The changes of a record in the words of the API.
ordered_json modified_properties(std::string_view changes) {
    ordered_json properties = ordered_json::array();
    const auto list = ordered_json::parse(changes, nullptr, false);
    for (const ordered_json& change : list.is_array() ? list : ordered_json::array()) {
        if (change.contains("more")) {
            properties.push_back({{"more", change["more"]}});
            continue;
        }
        properties.push_back(
            {{"displayName", change.value("attribute", "")},
             {"oldValue", change.value("before", ordered_json())},
             {"newValue", change.value("after", ordered_json())}}
        );
    }
    return properties;
}

template <class Number>
Status read_number(const http::QueryParameters& parameters, std::string_view name, Number& out) {
    const auto text = parameters.get(name);
    if (!text) {
        return {};
    }
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, out);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_parameter",
            "A parameter is not a number.",
            std::string(name),
            {}});
    }
    return {};
}

}  // namespace

ordered_json describe(const JournalRecord& record) {
    ordered_json details = ordered_json::array();
    ordered_json changes = ordered_json::array();
    for (const auto& [key, value] : record.details) {
        if (key == directory::changes_detail) {
            changes = modified_properties(value);
        } else {
            details.push_back({{"key", key}, {"value", value}});
        }
    }
    return {
        {"sequence", record.sequence},
        {"time", format_time(record.time)},
        {"origin", record.origin},
        {"activity", record.activity},
        {"result", word_of(record.outcome)},
        {"reason", record.reason.empty() ? ordered_json(nullptr) : ordered_json(record.reason)},
        {"actor",
         {{"kind", word_of(record.actor.kind)},
          {"id", id_or_null(record.actor.id)},
          {"name", record.actor.name}}},
        {"target",
         {{"id", id_or_null(record.target)},
          {"type", record.target_type},
          {"displayName", record.target_display}}},
        {"sourceAddress", record.source_address},
        {"requestId", record.request_id},
        {"modifiedProperties", std::move(changes)},
        {"additionalDetails", std::move(details)},
    };
}

Result<directory::JournalQuery> journal_query(const Request& request) {
    constexpr std::size_t longest_page = 1000;
    const http::QueryParameters parameters(request.query);
    directory::JournalQuery query;
    BASCULE_CHECK(read_number(parameters, "after", query.after));
    BASCULE_CHECK(read_number(parameters, "limit", query.limit));
    if (query.limit < 1 || query.limit > longest_page || query.after < 0) {
        return fail(ErrorKind::invalid_input, "invalid_limit", "A page holds 1 to 1000 records.");
    }
    query.newest_first = parameters.get("order").value_or("") == "newest";
    query.actor = parameters.get("actor").value_or("");
    query.activity = parameters.get("activity").value_or("");
    if (const auto target = parameters.get("target")) {
        BASCULE_TRY(query.target, parse_uuid(*target));
    }
    return query;
}

}  // namespace bascule::portal

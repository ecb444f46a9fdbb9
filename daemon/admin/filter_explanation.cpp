#include "daemon/admin/filter_explanation.hpp"

#include <chrono>
#include <string>

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"
#include "directory/base/text.hpp"
#include "scim/filter/filter.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

Result<directory::Query> query_of(
    const Core& core, const scim::SchemaRegistry& schemas, const std::string& type_name,
    const std::string& filter, std::uint64_t search_limit
) {
    const scim::ResourceType* type = schemas.find_by_name(type_name);
    if (type == nullptr) {
        return fail(
            ErrorKind::invalid_input, "unknown_type",
            "There is no resource type '" + printable(type_name, 64) + "'; User and Group are two."
        );
    }
    directory::Query query;
    query.type = type->type;
    query.limit = 0;
    query.check_limit = search_limit;
    BASCULE_TRY(query.filter, scim::compile_filter(filter, schemas, *type, core.registry));
    return query;
}

json lines_of(const std::string& text) {
    json lines = json::array();
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = text.find('\n', start);
        lines.push_back(text.substr(start, end - start));
        start = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
}

/// Carries the query out; a refusal is part of the explanation.
Status add_outcome(json& value, directory::Reader& reader, const directory::Query& query) {
    const auto begin = std::chrono::steady_clock::now();
    const auto found = reader.query(query);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    value["milliseconds"] = took.count();
    if (found) {
        value["matches"] = found->total;
        value["lines"].push_back(
            "matches: " + std::to_string(found->total) + ", counted in " +
            std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()) +
            " us"
        );
        return {};
    }
    if (found.error().code != "too_many") {
        return fail(found.error());
    }
    value["matches"] = nullptr;
    value["lines"].push_back("refused to SCIM clients: " + found.error().detail);
    return {};
}

Result<http::Response> explain(
    Core& core, const scim::SchemaRegistry& schemas, const http::QueryParameters& parameters,
    std::uint64_t search_limit
) {
    const std::string type = parameters.get("type").value_or("User");
    const std::string filter = parameters.get("filter").value_or("");
    BASCULE_TRY(const directory::Query query, query_of(core, schemas, type, filter, search_limit));
    json value{{"type", type}, {"filter", filter}};
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const std::string plan, reader.explain(query));
        value["usesIndex"] = plan.find("no index can serve") == std::string::npos;
        value["lines"] = lines_of(plan);
        return add_outcome(value, reader, query);
    }));
    return json_response(value);
}

}  // namespace

Status add_filter_routes(
    http::Router& router, Core& core, const scim::SchemaRegistry& schemas,
    std::uint64_t search_limit
) {
    return add_operator_route(
        router, http::Method::get, "/v1/explain-filter",
        "How the store carries a filter out, and what it finds.",
        [&core, &schemas, search_limit](const http::Request& request, const access::Caller&) {
            return explain(core, schemas, http::QueryParameters(request.query), search_limit);
        }
    );
}

}  // namespace bascule::daemon

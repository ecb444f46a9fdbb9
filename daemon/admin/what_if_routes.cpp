#include "daemon/admin/what_if_routes.hpp"

#include <charconv>

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/figures_json.hpp"
#include "daemon/admin/json_body.hpp"
#include "daemon/what_if/what_if_service.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const WhatIfResult& result) {
    json sources = json::array();
    for (const SourceFigures& source : result.sources) {
        sources.push_back(figures_json(source));
    }
    return {
        {"made", format_time(result.made)},
        {"seconds", result.seconds},
        {"differences", result.lines},
        {"sources", std::move(sources)},
    };
}

json describe(const WhatIfService::State& state) {
    json sources = json::array();
    for (const mirror::SourceStatus& source : state.sources) {
        sources.push_back(
            {{"name", source.name},
             {"live", source.state == "live"},
             {"state", source.state},
             {"problem", source.last_error},
             {"received", source.received}}
        );
    }
    json value{
        {"running", state.running},      {"file", state.file},
        {"sources", std::move(sources)}, {"comparisons", state.comparisons},
        {"comparing", state.comparing},
    };
    if (!state.problem) {
        value["code"] = state.problem.error().code;
        value["detail"] = state.problem.error().detail;
    }
    if (state.result) {
        value["result"] = describe(*state.result);
    }
    return value;
}

Result<http::Response> begin(WhatIfService& service, const http::Request& request) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string text, required_text(body, "config"));
    BASCULE_TRY(const std::string file, required_text(body, "file"));
    BASCULE_CHECK(service.begin(text, file));
    return json_response(describe(service.state()));
}

Result<http::Response> lines(const WhatIfService& service, const http::Request& request) {
    const http::QueryParameters parameters(request.query);
    const std::string text = parameters.get("offset").value_or("0");
    std::uint64_t offset = 0;
    std::from_chars(text.data(), text.data() + text.size(), offset);
    http::Response response;
    BASCULE_TRY(response.body, service.lines(offset));
    response.content_type = "application/jsonl";
    return response;
}

/// Runs `work` with the service, which is there once the process has started.
OperatorHandler with_service(
    Core& core, std::function<Result<http::Response>(WhatIfService&, const http::Request&)> work
) {
    return
        [&core, work = std::move(work
                )](const http::Request& request, const access::Caller&) -> Result<http::Response> {
            if (core.what_if == nullptr) {
                return fail(ErrorKind::unavailable, "starting", "The service is still starting.");
            }
            return work(*core.what_if, request);
        };
}

Result<http::Response> state_response(const WhatIfService& service) {
    return json_response(describe(service.state()));
}

}  // namespace

Status add_what_if_routes(http::Router& router, Core& core) {
    using http::Method;
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/what-if", "Rules beside those in force, and what they change.",
        with_service(
            core,
            [](WhatIfService& service, const http::Request&) { return state_response(service); }
        )
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/what-if", "Runs a configuration beside the one in force.",
        with_service(core, begin)
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::delete_, "/v1/what-if", "Ends it.",
        with_service(
            core,
            [](WhatIfService& service, const http::Request&) -> Result<http::Response> {
                BASCULE_CHECK(service.end());
                return state_response(service);
            }
        )
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/what-if/compare", "Asks for a comparison now.",
        with_service(
            core,
            [](WhatIfService& service, const http::Request&) -> Result<http::Response> {
                const json before = describe(service.state());
                BASCULE_CHECK(service.compare());
                return json_response(before);
            }
        )
    ));
    return add_operator_route(
        router, Method::get, "/v1/what-if/differences", "A piece of the differences.",
        with_service(core, lines)
    );
}

}  // namespace bascule::daemon

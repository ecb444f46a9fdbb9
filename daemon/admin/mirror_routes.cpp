#include "daemon/admin/mirror_routes.hpp"

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/drift_routes.hpp"
#include "daemon/admin/explanation.hpp"
#include "daemon/admin/json_body.hpp"
#include "daemon/hold_decisions.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

void describe_reach(json& value, const ldap::Reachability::View& reach) {
    if (!reach.server.empty()) {
        value["server"] = reach.server;
    }
    if (!reach.set_aside.empty()) {
        value["serversSetAside"] = reach.set_aside;
    }
    for (const auto& [server, end] : reach.certificates) {
        value["certificates"].push_back({{"server", server}, {"ends", format_time(end)}});
    }
    if (reach.referrals > 0) {
        value["referrals"] = reach.referrals;
    }
    if (!reach.problem.empty()) {
        value["accessProblem"] = reach.problem;
    }
}

json describe(const mirror::SourceStatus& status, Time now) {
    json value{
        {"name", status.name},
        {"state", status.state},
        {"objects", status.objects},
        {"quarantined", status.quarantined},
        {"held", status.held},
        {"received", status.received},
        {"entriesPerSecond", status.entries_per_second},
        {"cookie", status.cookie},
        {"problem", status.last_error},
    };
    if (status.progress) {
        json& progress = value["progress"];
        progress["entries"] = status.progress->entries;
        progress["stage"] = status.progress->storing ? "storing" : "reading";
        if (status.progress->expected) {
            progress["expected"] = *status.progress->expected;
        }
        if (status.progress->seconds_left) {
            progress["secondsLeft"] = *status.progress->seconds_left;
        }
    }
    if (status.last_change) {
        value["lastChange"] = format_time(*status.last_change);
        value["lastChangeSecondsAgo"] =
            std::chrono::duration<double>(now - *status.last_change).count();
    }
    if (status.lag) {
        value["lagMilliseconds"] = *status.lag;
    }
    return value;
}

Result<http::Response> status(Core& core, const Sources& sources) {
    json list = json::array();
    for (const mirror::SourceStatus& one : sources.statuses()) {
        list.push_back(describe(one, core.clock.now()));
        describe_reach(list.back(), sources.reach(one.name));
        list.back()["audit"] = audit_of(sources, one.name);
    }
    std::int64_t journal = 0;
    BASCULE_CHECK(core.store->read([&journal](directory::Reader& reader) -> Status {
        BASCULE_TRY(journal, reader.last_sequence());
        return {};
    }));
    return json_response(
        {{"sources", std::move(list)}, {"store", {{"state", "ok"}, {"journal", journal}}}}
    );
}

json describe(const mirror::HeldSummary& held) {
    json items = json::array();
    json lines = json::array();
    for (const mirror::HeldItem& item : held.items) {
        items.push_back(
            {{"kind", item.kind},
             {"object", item.object.to_string()},
             {"display", item.display},
             {"detail", item.detail}}
        );
        lines.push_back(item.kind + "  " + item.display + "  " + item.detail);
    }
    if (held.total > held.items.size()) {
        lines.push_back("and " + std::to_string(held.total - held.items.size()) + " more");
    }
    return {{"source", held.source}, {"plan", held.hash},         {"since", held.since},
            {"total", held.total},   {"items", std::move(items)}, {"lines", std::move(lines)}};
}

Result<http::Response> holds(const Core& core, const Sources& sources) {
    BASCULE_TRY(const auto all, named_holds(core, sources));
    json list = json::array();
    for (const mirror::HeldSummary& held : all) {
        list.push_back(describe(held));
    }
    return json_response({{"holds", std::move(list)}});
}

std::vector<std::string> texts_in(const json& body, const char* name) {
    std::vector<std::string> texts;
    const json list = body.value(name, json::array());
    for (const json& one : list) {
        if (one.is_string()) {
            texts.push_back(one.get<std::string>());
        }
    }
    return texts;
}

Result<http::Response> decide(
    const Core& core, const Sources& sources, const http::Request& request,
    const access::Caller& caller, bool approve
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string plan, required_text(body, "plan"));
    BASCULE_TRY(
        const std::string summary,
        decide_hold(
            core, sources, {plan, approve, texts_in(body, "only"), texts_in(body, "below")}, caller
        )
    );
    return json_response({{"plan", plan}, {"summary", summary}});
}

Result<http::Response> retirable(const Sources& sources, const http::Request& request) {
    const http::QueryParameters parameters(request.query);
    const std::string name(parameters.get("source").value_or(""));
    BASCULE_TRY(const std::uint64_t entries, sources.count_retirable(name));
    return json_response({{"source", name}, {"entries", entries}});
}

Result<http::Response> retire(
    Sources& sources, const http::Request& request, const access::Caller& caller
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string name, required_text(body, "source"));
    const auto entries = body.find("entries");
    if (entries == body.end() || !entries->is_number_unsigned()) {
        return fail(
            ErrorKind::invalid_input, "confirmation_required",
            "'entries' must be given: how many entries the source has."
        );
    }
    BASCULE_TRY(
        const std::string summary, sources.retire(name, entries->get<std::uint64_t>(), caller)
    );
    return json_response({{"source", name}, {"summary", summary}});
}

}  // namespace

Status add_mirror_routes(
    http::Router& router, Core& core, Sources& sources, const scim::SchemaRegistry& schemas
) {
    using http::Method;
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/status", "Sources and store at a glance.",
        [&core, &sources](const http::Request&, const access::Caller&) {
            return status(core, sources);
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/explain",
        "Why an entry is mirrored the way it is, or not at all.",
        [&core, &schemas,
         &sources](const http::Request& request, const access::Caller&) -> Result<http::Response> {
            const http::QueryParameters parameters(request.query);
            ExplainRequest asked{
                parameters.get("subject").value_or(""), parameters.get("attribute").value_or(""),
                parameters.get("member").value_or("")};
            if (parameters.get("offline").value_or("") == "true") {
                asked.ask = Sources::Ask::store_only;
            }
            BASCULE_TRY(const json value, explain(core, sources, schemas, asked));
            return json_response(value);
        }
    ));
    BASCULE_CHECK(add_drift_routes(router, sources));
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/holds", "Removals that wait for a decision.",
        [&core, &sources](const http::Request&, const access::Caller&) {
            return holds(core, sources);
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/sources/retirable",
        "How many entries a source has that is no longer configured.",
        [&sources](const http::Request& request, const access::Caller&) {
            return retirable(sources, request);
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/sources/retire",
        "Takes the objects of a source that is no longer configured out of service.",
        [&sources](const http::Request& request, const access::Caller& caller) {
            return retire(sources, request, caller);
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/holds/approve", "Carries out exactly this plan.",
        [&core, &sources](const http::Request& request, const access::Caller& caller) {
            return decide(core, sources, request, caller, true);
        }
    ));
    return add_operator_route(
        router, Method::post, "/v1/holds/reject", "Keeps everything that the plan would remove.",
        [&core, &sources](const http::Request& request, const access::Caller& caller) {
            return decide(core, sources, request, caller, false);
        }
    );
}

}  // namespace bascule::daemon

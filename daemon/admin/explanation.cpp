#include "daemon/admin/explanation.hpp"

#include <algorithm>
#include <set>

#include "daemon/admin/attribute_explanation.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const mirror::Finding& finding) {
    return {
        {"code", mirror::to_string(finding.cause)},
        {"sentence", finding.sentence},
        {"remedy", mirror::remedy_of(finding.cause)}};
}

/// Whether the entry's object is served, whatever else there is to say.
bool is_served(const mirror::Explanation& explanation) {
    return explanation.cause == mirror::Cause::mirrored ||
           explanation.cause == mirror::Cause::held || explanation.cause == mirror::Cause::local;
}

json describe(const mirror::Explanation& explanation) {
    json value = describe(mirror::Finding{explanation.cause, explanation.sentence});
    value["cause"] = value["code"];
    value["source"] = explanation.source;
    value["dn"] = explanation.dn;
    value["csn"] = explanation.csn;
    value["id"] = explanation.id ? json(explanation.id->to_string()) : json();
    value["seen"] = explanation.seen ? json(format_time(*explanation.seen)) : json();
    value["findings"] = json::array();
    for (const mirror::Finding& finding : explanation.findings) {
        value["findings"].push_back(describe(finding));
    }
    return value;
}

std::string second_line(const mirror::Explanation& explanation) {
    std::string line = "  " + explanation.dn;
    if (explanation.seen) {
        line += "  seen " + format_time(*explanation.seen);
    }
    return explanation.csn.empty() ? line : line + ", csn " + explanation.csn;
}

void add_lines(json& lines, const mirror::Explanation& explanation) {
    lines.push_back(explanation.sentence);
    if (!explanation.dn.empty()) {
        lines.push_back(second_line(explanation));
    }
    const auto advise = [&lines](mirror::Cause cause) {
        if (const auto remedy = mirror::remedy_of(cause); !remedy.empty()) {
            lines.push_back("  what to do: " + std::string(remedy));
        }
    };
    advise(explanation.cause);
    for (const mirror::Finding& finding : explanation.findings) {
        lines.push_back(
            "  " + std::string(mirror::to_string(finding.cause)) + ": " + finding.sentence
        );
        advise(finding.cause);
    }
}

Result<json> explain_part(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const ExplainRequest& request, const mirror::Explanation& subject
) {
    if (request.member.empty()) {
        return explain_attribute(core, sources, schemas, subject, request.attribute, request.ask);
    }
    BASCULE_TRY(const auto members, sources.explain(request.member, Sources::Ask::store_only));
    return explain_member(core, sources, subject, members.front(), request.ask);
}

}  // namespace

Result<json> explain(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const ExplainRequest& request
) {
    const bool part = !request.attribute.empty() || !request.member.empty();
    BASCULE_TRY(const auto all, sources.explain(request.subject, request.ask));
    std::set<Uuid> told;
    json value{
        {"subject", request.subject},
        {"mirrored", false},
        {"lines", json::array()},
        {"explanations", json::array()}};
    for (const mirror::Explanation& explanation : all) {
        value["explanations"].push_back(describe(explanation));
        const bool mirrored = explanation.cause == mirror::Cause::mirrored;
        value["mirrored"] = value["mirrored"].get<bool>() || mirrored;
        if (!part || !explanation.id || !is_served(explanation)) {
            add_lines(value["lines"], explanation);
            continue;
        }
        // What several entries are part of is told once.
        if (!told.insert(*explanation.id).second) {
            continue;
        }
        BASCULE_TRY(json found, explain_part(core, sources, schemas, request, explanation));
        value["lines"].push_back(found["line"]);
        found.erase("line");
        value[request.member.empty() ? "attributes" : "memberships"].push_back(std::move(found));
    }
    return value;
}

}  // namespace bascule::daemon

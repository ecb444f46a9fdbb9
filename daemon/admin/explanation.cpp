#include "daemon/admin/explanation.hpp"

#include <string_view>

#include "directory/base/json_text.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

/// The raw value of a resolved attribute in a document, or an empty view.
std::string_view value_at(std::string_view body, const directory::AttributePath& path) {
    if (!path.extension.empty()) {
        body = json_member(body, path.extension);
    }
    const std::string_view value = body.empty() ? body : json_member(body, path.name);
    if (path.sub.empty() || value.empty() || value.front() != '{') {
        return value;
    }
    return json_member(value, path.sub);
}

json describe(const mirror::Explanation& explanation) {
    json value{
        {"cause", mirror::to_string(explanation.cause)},
        {"sentence", explanation.sentence},
        {"source", explanation.source},
        {"dn", explanation.dn},
        {"csn", explanation.csn},
    };
    value["id"] = explanation.id ? json(explanation.id->to_string()) : json();
    value["seen"] = explanation.seen ? json(format_time(*explanation.seen)) : json();
    return value;
}

std::string second_line(const mirror::Explanation& explanation) {
    std::string line = "  " + explanation.dn;
    if (explanation.seen) {
        line += "  seen " + format_time(*explanation.seen);
    }
    return explanation.csn.empty() ? line : line + ", csn " + explanation.csn;
}

/// The object behind an explanation with what one attribute holds.
Result<json> explain_attribute(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const mirror::Explanation& explanation, const std::string& attribute
) {
    std::optional<directory::Object> object;
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(object, reader.find(*explanation.id));
        return {};
    }));
    const scim::ResourceType* type = object ? schemas.find_by_type(object->row.type) : nullptr;
    const auto resolved = type == nullptr ? std::nullopt : schemas.resolve(*type, attribute);
    if (!resolved) {
        return fail(
            ErrorKind::invalid_input, "unknown_attribute",
            "'" + attribute + "' is no attribute of this object."
        );
    }
    const directory::AttributePath path = resolved->path();
    const std::string text(value_at(object->body, path));
    const bool filled = sources.fills(object->row.source, object->row.type, path);
    json value{{"attribute", path.to_string()}, {"filledByMapping", filled}};
    value["value"] = text.empty() ? json() : json::parse(text, nullptr, false);
    value["line"] =
        (text.empty() ? std::string("(no value)") : text) +
        (filled ? "  filled by the mapping of source " + explanation.source + ", " + explanation.dn
                : "  not filled by the mapping; kept here");
    return value;
}

}  // namespace

Result<json> explain(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const std::string& subject, const std::string& attribute
) {
    BASCULE_TRY(const auto all, sources.explain(subject));
    json value{
        {"subject", subject},
        {"mirrored", false},
        {"lines", json::array()},
        {"explanations", json::array()}};
    for (const mirror::Explanation& explanation : all) {
        value["explanations"].push_back(describe(explanation));
        const bool mirrored = explanation.cause == mirror::Cause::mirrored;
        value["mirrored"] = value["mirrored"].get<bool>() || mirrored;
        if (!attribute.empty() && explanation.id) {
            BASCULE_TRY(
                json found, explain_attribute(core, sources, schemas, explanation, attribute)
            );
            value["lines"].push_back(found["line"]);
            found.erase("line");
            value["attributes"].push_back(std::move(found));
            continue;
        }
        value["lines"].push_back(explanation.sentence);
        if (!explanation.dn.empty()) {
            value["lines"].push_back(second_line(explanation));
        }
    }
    return value;
}

}  // namespace bascule::daemon

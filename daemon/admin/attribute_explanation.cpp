#include "daemon/admin/attribute_explanation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "directory/authority/joined_parts.hpp"
#include "directory/base/json_text.hpp"
#include "directory/base/sha256.hpp"
#include "directory/mirror/provenance.hpp"

namespace bascule::daemon {
namespace {

using directory::AttributePath;
using directory::EdgeKind;
using directory::RuleTrace;
using nlohmann::json;

constexpr std::chrono::seconds look_up_time{3};
constexpr std::size_t hashes_told = 100;

/// The raw value of a resolved attribute in a document, or an empty view.
std::string_view value_at(std::string_view body, const AttributePath& path) {
    if (!path.extension.empty()) {
        body = json_member(body, path.extension);
    }
    const std::string_view value = body.empty() ? body : json_member(body, path.name);
    if (path.sub.empty() || value.empty() || value.front() != '{') {
        return value;
    }
    return json_member(value, path.sub);
}

bool is_edge(const AttributePath& path, EdgeKind kind) {
    return path.name == (kind == EdgeKind::member ? "members" : "manager");
}

/// What the store holds.
struct Held {
    directory::Object object;
    std::string value;  ///< JSON; empty when there is none
    mirror::Origin origin;
    std::string dn;  ///< of its entry
    std::vector<authority::JoinedPart> parts;
};

Result<std::string> edge_value(
    directory::Reader& reader, const directory::Object& object, const AttributePath& path
) {
    if (is_edge(path, EdgeKind::member)) {
        BASCULE_TRY(const auto count, reader.count_edges(EdgeKind::member, object.row.oid));
        return fmt::format("\"{} members\"", count);
    }
    BASCULE_TRY(
        const auto managers,
        reader.edge_targets(EdgeKind::manager, object.row.oid, directory::Oid{}, 1)
    );
    return managers.empty() ? std::string() : json(managers.front().display).dump();
}

Result<Held> read_held(Core& core, const Uuid& id, const AttributePath& path) {
    Held held;
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(auto object, reader.find(id));
        if (!object) {
            return fail(ErrorKind::not_found, "no_object", "The object is not served.");
        }
        held.object = *std::move(object);
        if (is_edge(path, EdgeKind::member) || is_edge(path, EdgeKind::manager)) {
            BASCULE_TRY(held.value, edge_value(reader, held.object, path));
        } else {
            held.value = value_at(held.object.body, path);
        }
        BASCULE_TRY(held.origin, mirror::origin_of(reader, held.object, path));
        BASCULE_TRY(const auto entry, reader.find_entry(held.object.row.oid));
        held.dn = entry ? entry->dn : std::string();
        BASCULE_TRY(held.parts, authority::joined_parts(reader, held.object.row.oid));
        return {};
    }));
    return held;
}

std::string words_of(const mirror::Origin& origin) {
    const std::string when = origin.time ? " " + format_time(*origin.time) : std::string();
    switch (origin.kind) {
        case mirror::OriginKind::first_load:
            return "set" + when + " by the first load";
        case mirror::OriginKind::source_change:
            return "set" + when;
        case mirror::OriginKind::mapping_change:
            return "set" + when + " by a change of the mapping";
        case mirror::OriginKind::time:
            return "set" + when + " because the time had come";
        case mirror::OriginKind::approved_loss:
            return "let go" + when + " by the guard";
        case mirror::OriginKind::local_change:
            return "set" + when + " by " + origin.actor.name + " (" + origin.channel + ")";
        case mirror::OriginKind::before_journal:
            return "set longer ago than the journal goes back";
    }
    return "set" + when;
}

void add_origin(json& value, std::string& line, const mirror::Origin& origin) {
    value["origin"] = mirror::to_string(origin.kind);
    value["set"] = origin.time ? json(format_time(*origin.time)) : json();
    value["csn"] = origin.stamp.empty() ? json() : json(origin.stamp);
    value["journal"] = origin.sequence == 0 ? json() : json(origin.sequence);
    value["beforeKnown"] = origin.before_known;
    value["before"] = origin.before.empty() ? json() : json::parse(origin.before, nullptr, false);
    if (origin.kind == mirror::OriginKind::local_change) {
        value["actor"] = origin.actor.name;
        value["channel"] = origin.channel;
    } else if (!origin.stamp.empty()) {
        line += ", csn " + origin.stamp;
    }
    line += ", " + words_of(origin);
    if (!origin.before.empty()) {
        line += ", before: " + origin.before;
    }
}

json describe(const RuleTrace& rule) {
    return {
        {"rule", rule.rule},
        {"default", rule.builtin},
        {"from", rule.from},
        {"how", rule.how},
        {"attribute", rule.attribute.empty() ? json() : json(rule.attribute)},
        {"values", rule.values.size()}};
}

/// Which rules gave the value, and from how many values of what.
void add_rules(
    json& value, std::string& line, const std::vector<RuleTrace>& rules, bool with_entry
) {
    value["rules"] = json::array();
    json hashes = json::array();
    std::vector<std::string> names;
    std::vector<std::string> attributes;
    // A test of an attribute that the entry lacks gives a value of no value.
    const bool told = with_entry && std::ranges::any_of(rules, [](const RuleTrace& rule) {
                          return !rule.attribute.empty() || rule.from.empty();
                      });
    for (const RuleTrace& rule : rules) {
        value["rules"].push_back(describe(rule));
        const bool gave = !told || !rule.attribute.empty() || rule.from.empty();
        if (!gave) {
            continue;
        }
        names.push_back(rule.rule + (rule.how.empty() ? "" : " (" + rule.how + ")"));
        if (!told && !rule.from.empty()) {
            attributes.push_back(
                fmt::format("{}{}", fmt::join(rule.from, " or "), with_entry ? " (no value)" : "")
            );
        }
        if (rule.attribute.empty()) {
            continue;
        }
        attributes.push_back(fmt::format(
            "{} ({} value{})", rule.attribute, rule.values.size(),
            rule.values.size() == 1 ? "" : "s"
        ));
        value["ldapAttribute"] = rule.attribute;
        value["values"] = rule.values.size();
        for (const std::string& raw : rule.values) {
            if (hashes.size() < hashes_told) {
                hashes.push_back(sha256_hex(raw));
            }
        }
    }
    if (!names.empty()) {
        value["rule"] = names.front();
    }
    if (with_entry) {
        value["rawSha256"] = std::move(hashes);
    }
    for (const std::string& attribute : attributes) {
        line += ", " + attribute;
    }
    line += fmt::format(", rule {}", fmt::join(names, " and "));
}

/// Says so when the directory holds another value at this moment.
void compare_live(
    json& value, std::string& line, const Sources::View& view, const directory::SourceEntry& entry,
    const AttributePath& path, const std::string& held
) {
    if (is_edge(path, EdgeKind::member) || is_edge(path, EdgeKind::manager)) {
        return;
    }
    const directory::MappedEntry mapped = view.mapper->map(entry);
    const std::string now(value_at(mapped.attributes, path));
    value["live"] = {{"same", now == held}, {"csn", entry.csn}};
    if (now == held) {
        return;
    }
    value["live"]["value"] = now.empty() ? json() : json::parse(now, nullptr, false);
    line += "; the directory has " + (now.empty() ? std::string("no value") : now) +
            " at the moment, which has not arrived or is held";
}

/// The entry as the directory has it now; nothing when it is not asked or does not answer.
std::optional<directory::SourceEntry> look_up(
    const Sources::View& view, const std::string& dn, Sources::Ask ask, json& value
) {
    if (ask == Sources::Ask::store_only || view.inspector == nullptr) {
        return std::nullopt;
    }
    auto found = view.inspector->look_at(dn, std::chrono::steady_clock::now() + look_up_time);
    if (!found) {
        value["live"] = {{"error", found.error().code}, {"detail", found.error().detail}};
        return std::nullopt;
    }
    if (found->verdict != directory::Inspection::Verdict::found) {
        value["live"] = {{"error", "not_in_directory"}};
        return std::nullopt;
    }
    return std::move(found->entry);
}

}  // namespace

Result<json> explain_attribute(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const mirror::Explanation& subject, const std::string& attribute, Sources::Ask ask
) {
    std::optional<directory::ObjectRow> row;
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(row, reader.find_row(*subject.id));
        return {};
    }));
    const scim::ResourceType* type = row ? schemas.find_by_type(row->type) : nullptr;
    const auto resolved = type == nullptr ? std::nullopt : schemas.resolve(*type, attribute);
    if (!resolved) {
        return fail(
            ErrorKind::invalid_input, "unknown_attribute",
            "'" + attribute + "' is no attribute of this object."
        );
    }
    const AttributePath path = resolved->path();
    BASCULE_TRY(const Held held, read_held(core, *subject.id, path));
    const auto giver = std::ranges::find_if(held.parts, [&](const authority::JoinedPart& part) {
        return !value_at(part.gives, path).empty();
    });
    const bool is_given = giver != held.parts.end();
    const std::string& dn = is_given ? giver->dn : held.dn;
    const auto view = sources.view(is_given ? giver->source : held.object.row.source);
    const bool filled = view && view->mapper->fills(held.object.row.type, path);
    json value{{"attribute", path.to_string()}, {"filledByMapping", filled}};
    value["value"] = held.value.empty() ? json() : json::parse(held.value, nullptr, false);
    std::string line = held.value.empty() ? "(no value)" : held.value;
    if (filled) {
        value["source"] = view->name;
        value["dn"] = dn;
        line += "  from " + view->name + ", " + dn;
        const auto entry = look_up(*view, dn, ask, value);
        add_rules(
            value, line, view->mapper->trace(held.object.row.type, path, entry ? &*entry : nullptr),
            entry.has_value()
        );
        add_origin(value, line, held.origin);
        if (entry) {
            compare_live(value, line, *view, *entry, path, held.value);
        }
    } else {
        line += "  kept here";
        if (!held.value.empty() || held.origin.kind == mirror::OriginKind::local_change) {
            add_origin(value, line, held.origin);
        }
    }
    value["line"] = line;
    return value;
}

namespace {

/// Whether the directory counts the user among the group because it is his primary one (Active
/// Directory: primaryGroupID is the end of the group's objectSid).
bool is_primary_group(const directory::SourceEntry& group, const directory::SourceEntry& user) {
    const std::string primary = user.first_value("primaryGroupID");
    return !primary.empty() && group.first_value("objectSid").ends_with("-" + primary);
}

}  // namespace

Result<json> explain_member(
    Core& core, const Sources& sources, const mirror::Explanation& group,
    const mirror::Explanation& member, Sources::Ask ask
) {
    std::optional<directory::ObjectRow> from;
    std::optional<directory::ObjectRow> to;
    std::optional<mirror::MemberOrigin> origin;
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(
            from, group.id ? reader.find_row(*group.id) : std::optional<directory::ObjectRow>()
        );
        BASCULE_TRY(
            to, member.id ? reader.find_row(*member.id) : std::optional<directory::ObjectRow>()
        );
        if (from && to) {
            BASCULE_TRY(origin, mirror::member_origin(reader, *from, *to));
        }
        return {};
    }));
    if (!from || !to) {
        return fail(
            ErrorKind::not_found, "unknown_member", "One of the two is not served at the moment."
        );
    }
    json value{{"group", from->display}, {"member", to->display}, {"isMember", origin.has_value()}};
    if (!origin) {
        value["line"] = to->display + " is no direct member of " + from->display;
        return value;
    }
    std::string line =
        to->display + " is a member of " + from->display + " since " + format_time(origin->since);
    value["since"] = format_time(origin->since);
    value["csn"] = origin->stamp.empty() ? json() : json(origin->stamp);
    value["journal"] = origin->sequence == 0 ? json() : json(origin->sequence);
    const auto view = sources.view(from->source);
    if (!view || !view->mapper->fills(from->type, {{}, "members", {}})) {
        line += ", kept here, added by " + origin->actor.name + " (" + origin->channel + ")";
        value["actor"] = origin->actor.name;
        value["channel"] = origin->channel;
        value["line"] = line;
        return value;
    }
    value["source"] = group.source;
    value["dn"] = group.dn;
    line += ", from " + group.source + ", " + group.dn;
    const auto group_entry = look_up(*view, group.dn, ask, value);
    const auto member_entry = look_up(*view, member.dn, ask, value);
    const bool primary =
        group_entry && member_entry && is_primary_group(*group_entry, *member_entry);
    value["primaryGroup"] = primary;
    if (primary) {
        line += ", by primaryGroupID of " + member.dn;
    } else {
        add_rules(
            value, line,
            view->mapper->trace(
                from->type, {{}, "members", {}}, group_entry ? &*group_entry : nullptr
            ),
            group_entry.has_value()
        );
    }
    if (!origin->stamp.empty()) {
        line += ", csn " + origin->stamp;
    }
    if (origin->sequence == 0) {
        line += ", by the first load or with another change of the group";
    }
    value["line"] = line;
    return value;
}

}  // namespace bascule::daemon

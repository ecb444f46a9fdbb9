#include "daemon/ctl/plan_report.hpp"

#include <fmt/format.h>

#include "daemon/ctl/text_table.hpp"
#include "directory/base/text.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

std::int64_t count(const json& object, const char* name) {
    return object.value(name, std::int64_t{0});
}

std::string shown(const std::string& text) {
    return printable(text, text.size());
}

/// "urn:…:User:department" as "department".
std::string short_name(const std::string& path) {
    return path.starts_with("urn:") ? path.substr(path.rfind(':') + 1) : path;
}

std::string attribute_list(const json& attributes) {
    std::string list;
    for (const auto& [path, number] : attributes.items()) {
        list += (list.empty() ? "" : ", ") + shown(short_name(path)) + ": " +
                grouped(number.get<std::int64_t>());
    }
    return list.empty() ? "" : " (" + list + ")";
}

std::string kind_line(const std::string& type, const json& kind) {
    const std::string noun = type == "User" ? "users" : type == "Group" ? "groups" : type;
    std::string line = "  + " + grouped(count(kind, "added")) + " " + noun + "   ~ " +
                       grouped(count(kind, "changed")) + " " + noun +
                       attribute_list(kind.at("attributes")) + "   - " +
                       grouped(count(kind, "removed"));
    const auto more = [&](const char* name, const char* words) {
        if (const auto number = count(kind, name); number > 0) {
            line += "   " + grouped(number) + " " + words;
        }
    };
    more("converted", "converted from another type");
    more("deactivated", "deactivated");
    more("healed", "out of quarantine");
    return line + "\n";
}

std::string share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? "" : fmt::format(" ({} %)", part * 100 / whole);
}

std::string held_lines(const json& held) {
    if (count(held, "total") == 0) {
        return {};
    }
    std::string text;
    const auto objects = [&](const char* name, const char* words) {
        if (const auto number = count(held, name); number > 0) {
            text += "  " + grouped(number) + " " + words + ": HELD by " + held.value("limit", "") +
                    "\n";
        }
    };
    objects("deletes", "objects would be removed, gone from the directory");
    objects("unmatched", "objects would be removed, matched by no filter");
    for (const json& group : held.at("groups")) {
        const auto leaving = count(group, "leaving");
        text += "  group \"" + shown(group.value("display", "")) + "\": " + grouped(leaving) +
                " members would be removed" + share(leaving, count(group, "members")) +
                ": HELD by guard.memberships\n";
    }
    for (const auto& [attribute, number] : held.at("attributes").items()) {
        text += "  " + grouped(number.get<std::int64_t>()) + " objects would lose " +
                shown(short_name(attribute)) + ": HELD by guard.attribute_loss\n";
    }
    return text;
}

std::string source_text(const json& source) {
    std::string text = "source " + source.value("name", "");
    if (source.value("read", false)) {
        text += ": " + grouped(count(source, "entries")) + " entries read in " +
                fmt::format("{:.1f} s", source.value("seconds", 0.0));
        text += source.value("firstLoad", false) ? ", for the first time" : "";
    }
    text += "\n";
    for (const auto& [type, kind] : source.at("kinds").items()) {
        text += kind_line(type, kind);
    }
    if (count(source, "membersJoined") + count(source, "membersLeft") > 0) {
        text += "  members: " + grouped(count(source, "membersJoined")) + " join, " +
                grouped(count(source, "membersLeft")) + " leave\n";
    }
    if (const auto number = count(source, "quarantined"); number > 0) {
        text += "  " + grouped(number) + " into quarantine\n";
    }
    if (!source.value("read", false)) {
        return text;
    }
    const auto held = count(source.at("held"), "total");
    return text + held_lines(source.at("held")) + "  held: " + grouped(held) + "\n";
}

}  // namespace

std::string plan_report(const json& result) {
    std::string text;
    bool held = false;
    for (const json& source : result.at("sources")) {
        text += source_text(source);
        held = held || count(source.at("held"), "total") > 0;
    }
    for (const json& note : result.at("notes")) {
        text += "note: " + shown(note.get<std::string>()) + "\n";
    }
    const std::string plan = result.value("plan", "");
    if (count(result, "differences") == 0) {
        return text + "plan " + plan + ": nothing would change\n";
    }
    text += "plan " + plan + " ; apply with: bascule reload";
    return text + (held ? ", then bascule hold approve " + plan.substr(0, 8) : "") + "\n";
}

std::string what_if_report(const json& result, const std::string& source) {
    std::string text;
    for (const json& one : result.at("sources")) {
        if (source.empty() || one.value("name", "") == source) {
            text += source_text(one);
        }
    }
    return text + grouped(count(result, "differences")) + " differences at " +
           result.value("made", "") + "\n";
}

std::string plan_progress(const json& state) {
    const auto done = count(state, "done");
    const auto expected = count(state, "expected");
    const double rate = state.value("perSecond", 0.0);
    std::string line = state.value("step", "");
    if (line != "reading") {
        return done == 0 ? line : line + "  " + grouped(done) + " differences";
    }
    if (state.value("waiting", false)) {
        return line + " " + state.value("source", "") +
               "  waiting for another reading of this server";
    }
    line += " " + state.value("source", "") + "  " + grouped(done) +
            (expected > 0 ? " of about " + grouped(expected) : "") + " entries";
    if (rate >= 1) {
        line += ", " + grouped(static_cast<std::int64_t>(rate)) + "/s";
    }
    if (rate >= 1 && expected > done) {
        line += ", " + rough_duration(static_cast<double>(expected - done) / rate) + " left";
    }
    return line;
}

}  // namespace bascule::daemon::ctl

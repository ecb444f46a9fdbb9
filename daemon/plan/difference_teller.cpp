#include "daemon/plan/difference_teller.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "directory/mirror/document.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::daemon {

using directory::AttributePath;
using directory::EdgeKind;
using directory::EntryState;
using store::ObjectDifference;
using store::ReferenceDifference;

namespace {

constexpr std::size_t members_in_a_line = 500;

struct Value {
    AttributePath path;
    std::string_view json;
};

std::vector<Value> values_of(const store::DifferenceSide& side) {
    std::vector<Value> values;
    if (side.served) {
        mirror::each_attribute(side.body, [&](const AttributePath& path, std::string_view json) {
            values.push_back({path, json});
        });
    }
    return values;
}

std::string_view value_in(const std::vector<Value>& values, const AttributePath& path) {
    for (const Value& value : values) {
        if (value.path == path) {
            return value.json;
        }
    }
    return {};
}

/// Empty when the object itself is served as before, or was and is not served.
std::string_view change_of(const ObjectDifference& one) {
    if (one.before.served && one.after.served) {
        if (one.before.type != one.after.type) {
            return "converted";
        }
        const bool may_have_changed = one.before.body != one.after.body || one.references_changed;
        return may_have_changed ? "changed" : "";
    }
    if (one.after.served) {
        return one.before.entry == EntryState::quarantined ? "healed" : "added";
    }
    return one.before.served ? "removed" : "";
}

const store::DifferenceSide& shown_side(const ObjectDifference& one) {
    return one.after.served || !one.before.served ? one.after : one.before;
}

void write_references(
    JsonWriter& json, std::string_view name, const std::vector<ReferenceDifference>& references
) {
    json.key(name).begin_array();
    for (const ReferenceDifference& reference : references) {
        json.begin_object()
            .field("id", reference.target.to_string())
            .field("display", reference.display)
            .end_object();
    }
    json.end_array();
}

}  // namespace

DifferenceTeller::DifferenceTeller(
    store::ReferenceDifferences& references, DifferenceFile& out, const RuleNames& rules,
    std::map<directory::SourceId, SourceFigures>& figures
)
    : references_(references), out_(out), rules_(rules), figures_(figures) {}

SourceFigures& DifferenceTeller::figures_of(const ObjectDifference& one) {
    SourceFigures& figures = figures_[one.source];
    if (figures.name.empty()) {
        figures.name = one.source == directory::SourceId::local
                           ? "(local)"
                           : "(source " + std::to_string(static_cast<int>(one.source)) + ")";
    }
    return figures;
}

KindFigures& DifferenceTeller::kind_of(const ObjectDifference& one) {
    return figures_of(one).kinds[shown_side(one).type];
}

Status DifferenceTeller::tell(const ObjectDifference& one) {
    if (const std::string_view change = change_of(one); !change.empty()) {
        BASCULE_CHECK(tell_object(one, change));
    }
    if (one.after.entry == EntryState::quarantined && one.before.entry != EntryState::quarantined) {
        BASCULE_CHECK(tell_quarantined(one));
    }
    return one.references_changed && one.after.served ? tell_members(one) : Status();
}

void DifferenceTeller::begin(
    JsonWriter& json, const ObjectDifference& one, std::string_view change
) {
    const store::DifferenceSide& side = shown_side(one);
    json.begin_object()
        .field("source", figures_of(one).name)
        .field("change", change)
        .field("type", side.type)
        .field("id", one.id.to_string())
        .field("display", side.display)
        .field("dn", one.dn);
}

Status DifferenceTeller::tell_object(const ObjectDifference& one, std::string_view change) {
    std::string line;
    JsonWriter json(line);
    begin(json, one, change);
    if (change == "converted") {
        json.field("before", one.before.type);
    }
    BASCULE_TRY(const std::string cause, cause_of(one, change));
    if (!cause.empty()) {
        json.field("cause", cause);
    }
    BASCULE_CHECK(note_givers(one));
    json.key("attributes").begin_array();
    BASCULE_TRY(const bool some, write_attributes(json, one, change));
    json.end_array().end_object();
    if (change == "changed" && !some) {
        return {};
    }
    count(one, change);
    return out_.add(line);
}

Result<std::string> DifferenceTeller::cause_of(
    const ObjectDifference& one, std::string_view change
) {
    if (change == "converted" || change == "changed") {
        return std::string();
    }
    if (change == "removed" && one.after.part) {
        BASCULE_TRY(const std::string whole, whole_of(one, true));
        return "joined: it becomes a part of " + whole;
    }
    if (change == "removed") {
        return one.after.entry ? one.after.reason
                               : "gone: the directory does not send the entry any more (deleted, "
                                 "or not below the base, or no filter takes it)";
    }
    if (one.before.part) {
        BASCULE_TRY(const std::string whole, whole_of(one, false));
        return "was a part of " + whole;
    }
    if (one.before.entry && !one.before.reason.empty()) {
        return "was " + one.before.reason;
    }
    return std::string(one.before.known ? "returned" : "new");
}

Result<std::string> DifferenceTeller::whole_of(const ObjectDifference& one, bool now) {
    std::string whole = "an object of another source";
    const auto note = [&](const ReferenceDifference& reference) -> Status {
        if (reference.added == now) {
            whole = "'" + reference.display + "' (" + reference.target.to_string() + ")";
        }
        return {};
    };
    BASCULE_CHECK(references_.each_reference(directory::joined_edge, one.oid, note));
    return whole;
}

Status DifferenceTeller::note_givers(const ObjectDifference& one) {
    givers_before_.clear();
    givers_after_.clear();
    if (shown_side(one).type != "User") {
        return {};
    }
    using Side = store::ReferenceDifferences::Side;
    for (const Side side : {Side::before, Side::after}) {
        BASCULE_TRY(const auto parts, references_.parts_of(one.oid, side));
        Givers& givers = side == Side::before ? givers_before_ : givers_after_;
        for (const store::PartOfObject& part : parts) {
            if (part.gives.empty()) {
                continue;
            }
            mirror::each_attribute(part.gives, [&](const AttributePath& path, std::string_view) {
                givers.emplace_back(path, part.source);
            });
        }
    }
    return {};
}

/// The source that an attribute's value is from.
const std::string& DifferenceTeller::giver_of(
    const ObjectDifference& one, const AttributePath& path, bool now
) {
    const Givers& givers = now ? givers_after_ : givers_before_;
    const auto found = std::ranges::find(
        givers, path, [](const auto& one_giver) -> const auto& { return one_giver.first; }
    );
    return found == givers.end() ? figures_of(one).name : found->second;
}

void DifferenceTeller::count(const ObjectDifference& one, std::string_view change) {
    KindFigures& kind = kind_of(one);
    if (change == "removed") {
        ++kind.removed;
    } else if (change == "changed") {
        ++kind.changed;
        const auto inactive = [](const store::DifferenceSide& side) {
            return json_member(side.body, "active") == "false";
        };
        kind.deactivated += inactive(one.after) && !inactive(one.before) ? 1U : 0U;
    } else if (change == "converted") {
        ++kind.converted;
    } else {
        ++kind.added;
        kind.healed += change == "healed" ? 1U : 0U;
    }
}

Result<bool> DifferenceTeller::write_attributes(
    JsonWriter& json, const ObjectDifference& one, std::string_view change
) {
    const std::vector<Value> before = values_of(one.before);
    const std::vector<Value> after = values_of(one.after);
    bool some = false;
    for (const Value& value : after) {
        const std::string_view old = value_in(before, value.path);
        if (old != value.json) {
            write_attribute(json, one, change, value.path, old, value.json);
            some = true;
        }
    }
    for (const Value& value : before) {
        if (value_in(after, value.path).empty()) {
            write_attribute(json, one, change, value.path, value.json, {});
            some = true;
        }
    }
    BASCULE_TRY(const bool manager, write_manager(json, one, change));
    return some || manager;
}

void DifferenceTeller::write_attribute(
    JsonWriter& json, const ObjectDifference& one, std::string_view change,
    const AttributePath& path, std::string_view before, std::string_view after
) {
    json.begin_object().field("attribute", path.to_string());
    if (!before.empty()) {
        json.key("before").raw(before);
    }
    if (!after.empty()) {
        json.key("after").raw(after);
    }
    const std::string& giver = giver_of(one, path, !after.empty());
    json.field("rule", rules_.name(giver, shown_side(one).type, path));
    if (giver != figures_of(one).name) {
        json.field("from", giver);
    }
    json.end_object();
    if (change == "changed" || change == "converted") {
        ++kind_of(one).attributes[path.to_string()];
    }
}

/// The manager is a reference and no part of the document.
Result<bool> DifferenceTeller::write_manager(
    JsonWriter& json, const ObjectDifference& one, std::string_view change
) {
    if (!one.references_changed || !one.after.served || one.after.type != "User") {
        return false;
    }
    std::string before;
    std::string after;
    const auto note = [&](const ReferenceDifference& reference) -> Status {
        std::string& value = reference.added ? after : before;
        JsonWriter(value)
            .begin_object()
            .field("value", reference.target.to_string())
            .field("displayName", reference.display)
            .end_object();
        return {};
    };
    BASCULE_CHECK(references_.each_reference(EdgeKind::manager, one.oid, note));
    if (before.empty() && after.empty()) {
        return false;
    }
    const AttributePath path{
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "manager", {}};
    write_attribute(json, one, change, path, before, after);
    return true;
}

Status DifferenceTeller::tell_quarantined(const ObjectDifference& one) {
    ++figures_of(one).quarantined;
    std::string line;
    JsonWriter json(line);
    begin(json, one, "quarantined");
    json.field("cause", one.after.reason).end_object();
    return out_.add(line);
}

/// In lines of bounded length, so that no group is too large.
Status DifferenceTeller::tell_members(const ObjectDifference& one) {
    if (one.after.type != "Group") {
        return {};
    }
    std::vector<ReferenceDifference> joined;
    std::vector<ReferenceDifference> left;
    const auto write = [&]() -> Status {
        SourceFigures& figures = figures_of(one);
        figures.joined += joined.size();
        figures.left += left.size();
        std::string line;
        JsonWriter json(line);
        begin(json, one, "members");
        json.field("rule", rules_.name(figures.name, "Group", {{}, "members", {}}));
        write_references(json, "joined", joined);
        write_references(json, "left", left);
        json.end_object();
        joined.clear();
        left.clear();
        return out_.add(line);
    };
    const auto note = [&](const ReferenceDifference& reference) -> Status {
        (reference.added ? joined : left).push_back(reference);
        return joined.size() + left.size() == members_in_a_line ? write() : Status();
    };
    BASCULE_CHECK(references_.each_reference(EdgeKind::member, one.oid, note));
    return joined.empty() && left.empty() ? Status() : write();
}

}  // namespace bascule::daemon

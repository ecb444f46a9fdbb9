#include "directory/mirror/standing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/model/internal_types.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::EdgeKind;
using directory::EntryState;
using directory::JournalRecord;
using directory::MirrorEntry;
using directory::Object;
using directory::SourceState;

namespace {

constexpr std::size_t references_told = 5;
constexpr std::size_t removals_searched = 5000;

/// The sentence of a reason, without its code.
std::string_view sentence_of(std::string_view reason) {
    const std::size_t colon = reason.find(": ");
    return colon == std::string_view::npos ? reason : reason.substr(colon + 2);
}

std::string_view code_of(std::string_view reason) {
    return reason.substr(0, reason.find(':'));
}

std::string_view detail_of(const JournalRecord& record, std::string_view name) {
    for (const auto& [key, value] : record.details) {
        if (key == name)
            return value;
    }
    return {};
}

/// Without case and without spaces behind commas, so that most ways to write a DN are the same.
std::string loose_form(std::string_view text) {
    std::string out;
    for (const char c : fold_case(text)) {
        if (c != ' ' || (!out.empty() && out.back() != ','))
            out += c;
    }
    return out;
}

std::string held_sentence(std::string_view what, std::string_view limit) {
    return fmt::format("{}; that is held by {} and waits for a decision", what, limit);
}

}  // namespace

Finding finding_of(EntryState state, std::string_view reason, std::string_view source) {
    if (state == EntryState::unmatched) {
        return {
            code_of(reason) == "out_of_base" ? Cause::out_of_base : Cause::unmatched,
            fmt::format("not mirrored: source {}: {}", source, sentence_of(reason))};
    }
    const std::string_view code = code_of(reason);
    const Cause cause =
        code == "duplicate" ? Cause::duplicate
        : code == "missing_required" || code == "entry_too_large" || code.starts_with("invalid_")
            ? Cause::invalid_value
            : Cause::quarantined;
    return {cause, fmt::format("in quarantine of source {}: {}", source, reason)};
}

std::string readable_key(std::string_view key) {
    if (const auto name = user_name_in_key(key))
        return fmt::format("the user name '{}'", *name);
    if (const auto anchor = anchor_in_key(key))
        return fmt::format("the entry {}", anchor->to_string());
    std::vector<std::string_view> parts;
    for (std::size_t end = key.find('\x01'); end != std::string_view::npos;
         end = key.find('\x01')) {
        parts.insert(parts.begin(), key.substr(0, end));
        key.remove_prefix(end + 1);
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

Result<Finding> Standing::of(const MirrorEntry& entry, const SourceState& state) {
    const HeldPlan held = HeldPlan::parse(state.held_plan);
    const bool gone = held.deletes.contains(entry.anchor);
    if (gone || held.unmatched.contains(entry.anchor)) {
        BASCULE_TRY(
            const std::string limit,
            delete_limit(state, held.deletes.size() + held.unmatched.size())
        );
        const std::string what =
            gone ? fmt::format("gone at source {} and still served", state.name)
                 : fmt::format(
                       "no filter of source {} matches it any more; still served", state.name
                   );
        return Finding{Cause::held, held_sentence(what, limit)};
    }
    if (entry.state != EntryState::mirrored) {
        Finding finding = finding_of(entry.state, entry.reason, state.name);
        if (finding.cause == Cause::duplicate && entry.reason.ends_with("came earlier")) {
            BASCULE_TRY(const std::string holder, holder_of(entry));
            if (!holder.empty())
                finding.sentence += ": " + holder;
        }
        return finding;
    }
    BASCULE_TRY(const auto object, reader_.find(entry.oid));
    if (object && object->row.type == registry_.type("Joined")) {
        BASCULE_TRY(
            const auto masters, reader_.edge_targets(directory::joined_edge, entry.oid, {}, 1)
        );
        if (!masters.empty()) {
            BASCULE_TRY(const auto main, reader_.find_entry(masters.front().oid));
            return Finding{
                Cause::mirrored, fmt::format(
                                     "mirrored from source {} as a part of {}", state.name,
                                     main ? main->dn : masters.front().display
                                 )};
        }
    }
    if (object) {
        const Uuid id = object->row.id;
        if (const auto group = held.memberships.find(id); group != held.memberships.end()) {
            const std::string what =
                fmt::format("{} members would leave the group", group->second.size());
            further_.push_back({Cause::held, held_sentence(what, "guard.memberships")});
        }
        for (const auto& [attribute, ids] : held.attributes) {
            if (ids.contains(id)) {
                const std::string what = fmt::format("{} has vanished from the entry", attribute);
                further_.push_back({Cause::held, held_sentence(what, "guard.attribute_loss")});
            }
        }
        add_disabled(*object);
        BASCULE_CHECK(add_pending(*object));
    }
    return Finding{Cause::mirrored, fmt::format("mirrored from source {}", state.name)};
}

/// Which of the two limits on removals it was.
Result<std::string> Standing::delete_limit(const SourceState& state, std::size_t count) {
    BASCULE_TRY(const auto total, reader_.count_entries(state.id, EntryState::mirrored));
    const double share =
        total == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(total);
    if (share > source_.limits.emptied_percent) {
        return fmt::format(
            "guard.emptied ({} of {} objects, limit {} %)", count, total,
            source_.limits.emptied_percent
        );
    }
    return fmt::format(
        "guard.deletes ({} of {} objects, limit {} % and at least {})", count, total,
        source_.limits.delete_percent, source_.limits.delete_at_least
    );
}

/// Who has the value that an entry in quarantine waits for.
Result<std::string> Standing::holder_of(const MirrorEntry& entry) {
    const std::size_t equals = entry.blocked_by.find('=');
    if (equals == std::string::npos)
        return std::string();
    const auto attribute = registry_.find_attribute(
        registry_.type("User"), {{}, entry.blocked_by.substr(0, equals), {}}
    );
    if (!attribute)
        return std::string();
    BASCULE_TRY(
        const auto holders, reader_.find_by_term(*attribute, entry.blocked_by.substr(equals + 1), 1)
    );
    if (holders.empty())
        return std::string();
    BASCULE_TRY(const auto other, reader_.find_entry(holders.front().row.oid));
    return other ? other->dn : holders.front().row.display;
}

void Standing::add_disabled(const Object& object) {
    if (source_.mapper == nullptr || json_member(object.body, "active") != "false")
        return;
    std::string by;
    for (const auto& trace : source_.mapper->trace(object.row.type, {{}, "active", {}}, nullptr)) {
        by += fmt::format(
            "{}{} ({}{}{})", by.empty() ? "" : ", then ", trace.rule, fmt::join(trace.from, ", "),
            trace.from.empty() || trace.how.empty() ? "" : "; ", trace.how
        );
    }
    if (!by.empty())
        further_.push_back({Cause::disabled_by_rule, "active is false by the rule " + by});
}

Status Standing::add_pending(const Object& object) {
    for (const EdgeKind kind : {EdgeKind::member, EdgeKind::manager}) {
        BASCULE_TRY(const auto waiting, reader_.pending_from(kind, object.row.oid));
        if (waiting.empty())
            continue;
        std::vector<std::string> names;
        for (const auto& reference : waiting) {
            if (names.size() == references_told)
                break;
            names.push_back(printable(readable_key(reference.dn_key), 200));
        }
        const std::size_t rest = waiting.size() - names.size();
        further_.push_back(
            {Cause::pending_reference,
             fmt::format(
                 "{} of it {} for {}{}",
                 kind == EdgeKind::member
                     ? fmt::format("{} member{}", waiting.size(), waiting.size() == 1 ? "" : "s")
                     : std::string("the manager"),
                 waiting.size() == 1 ? "waits" : "wait", fmt::join(names, "; "),
                 rest == 0 ? std::string() : fmt::format(" and {} more", rest)
             )}
        );
    }
    return {};
}

Result<Removal> removal_of(directory::Reader& reader, const directory::ObjectRow& row) {
    directory::JournalQuery query;
    query.newest_first = true;
    query.limit = 20;
    query.target = row.id;
    BASCULE_TRY(const auto records, reader.journal(query));
    for (const JournalRecord& record : records) {
        if (!record.activity.starts_with("Delete "))
            continue;
        const std::string_view cause = detail_of(record, directory::cause_detail);
        return Removal{
            cause.empty() ? fmt::format("by {} ({})", record.actor.name, record.origin)
                          : std::string(cause),
            std::string(detail_of(record, "dn"))};
    }
    return Removal{"the journal does not tell why any more", {}};
}

Result<std::vector<Uuid>> find_removals(
    directory::Reader& reader, std::string_view text, Known by
) {
    std::vector<Uuid> out;
    std::set<Uuid> seen;
    const std::string folded = loose_form(text);
    for (const char* activity : {"Delete user", "Delete group"}) {
        directory::JournalQuery query;
        query.newest_first = true;
        query.limit = removals_searched;
        query.activity = activity;
        BASCULE_TRY(const auto records, reader.journal(query));
        for (const JournalRecord& record : records) {
            const bool matches = by == Known::name
                                     ? loose_form(record.target_display) == folded ||
                                           loose_form(detail_of(record, "userName")) == folded
                                     : loose_form(detail_of(record, "dn")) == folded;
            if (matches && record.target && seen.insert(*record.target).second)
                out.push_back(*record.target);
        }
    }
    return out;
}

}  // namespace bascule::mirror

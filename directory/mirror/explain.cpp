#include "directory/mirror/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/mirror/standing.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::MirrorEntry;
using directory::Object;
using directory::Reader;
using directory::SourceState;

namespace {

constexpr std::size_t most_parts = 100;

struct CauseText {
    Cause cause;
    std::string_view code;
    std::string_view remedy;
};

constexpr std::array cause_texts{
    CauseText{Cause::mirrored, "mirrored", ""},
    CauseText{
        Cause::pending_reference, "pending_reference",
        "It becomes complete by itself when the entry it names is mirrored: ask for that one with "
        "bascule explain."},
    CauseText{
        Cause::disabled_by_rule, "disabled_by_rule",
        "Change the attribute in the directory, or the rule of the mapping."},
    CauseText{Cause::local, "local", ""},
    CauseText{
        Cause::unmatched, "unmatched",
        "Change the entry, or the filter under sources[].users or sources[].groups; try it first "
        "with bascule check."},
    CauseText{
        Cause::duplicate, "duplicate",
        "Give one of the two another value in the directory; the other is served at once."},
    CauseText{
        Cause::invalid_value, "invalid_value",
        "Mend the attribute in the directory; the entry is served at once."},
    CauseText{
        Cause::quarantined, "quarantined",
        "Mend the entry in the directory; it is tried again when it changes."},
    CauseText{
        Cause::held, "held",
        "Look at bascule hold list, then bascule hold approve or reject the plan."},
    CauseText{
        Cause::removed, "removed",
        "Restore the entry in the directory with its identifier: it gets its id and memberships "
        "back."},
    CauseText{
        Cause::out_of_base, "out_of_base",
        "Move the entry, widen sources[].base, or add a source for its subtree."},
    CauseText{
        Cause::not_readable, "not_readable",
        "Give the service account the right to read the entry, its objectClass and its "
        "identifier."},
    CauseText{
        Cause::not_in_directory, "not_in_directory",
        "Check the spelling of the DN, and that the service account may see the entry."},
    CauseText{
        Cause::not_arrived, "not_arrived",
        "Look at bascule status; when the source is live and it stays so: bascule drift --now."},
    CauseText{Cause::unknown, "unknown", "Ask by DN, or when the directory can be reached again."},
};

const CauseText& text_of(Cause cause) {
    const auto* const found = std::ranges::find(cause_texts, cause, &CauseText::cause);
    return found == cause_texts.end() ? cause_texts.back() : *found;
}

bool is_within(const std::string& dn_key, const SourceFacts& source) {
    return std::ranges::any_of(source.base_keys, [&](const std::string& base) {
        return dn_key.starts_with(base);
    });
}

class Explainer {
  public:
    Explainer(Reader& reader, const directory::Registry& registry, const ExplainQuestion& question)
        : reader_(reader), registry_(registry), question_(question) {}

    Result<std::vector<Explanation>> run() {
        BASCULE_TRY(states_, reader_.source_states());
        const Result<Uuid> uuid = parse_uuid(question_.text);
        if (uuid)
            BASCULE_CHECK(by_id(*uuid));
        for (const SourceState& state : states_) {
            if (uuid)
                BASCULE_CHECK(by_id(object_id(state.name, *uuid)));
            if (question_.dn_key.empty())
                continue;
            BASCULE_TRY(const auto entry, reader_.find_entry(state.id, question_.dn_key));
            if (entry)
                BASCULE_CHECK(add(*entry));
        }
        const bool is_name = !uuid && question_.dn_key.empty();
        if (out_.empty() && is_name)
            BASCULE_CHECK(by_name(question_.text));
        if (out_.empty() && !uuid)
            BASCULE_CHECK(by_removal(is_name));
        if (out_.empty())
            out_.push_back(not_found(is_name));
        return std::move(out_);
    }

  private:
    Status by_id(const Uuid& id) {
        BASCULE_TRY(const auto object, reader_.find_any(id));
        if (!object)
            return {};
        BASCULE_TRY(const auto entry, reader_.find_entry(object->row.oid));
        if (entry) {
            BASCULE_CHECK(add(*entry));
            return add_parts(object->row.oid);
        }
        if (object->row.deleted)
            return add_removed(*object);
        if (!object->row.is_synced())
            add_local(object->row);
        return {};
    }

    Status by_name(const std::string& name) {
        BASCULE_CHECK(by_term("User", "userName", name));
        BASCULE_CHECK(by_term("Group", "displayName", name));
        return waiting_for(name);
    }

    Status by_term(const char* type, const char* attribute_name, const std::string& name) {
        const auto attribute =
            registry_.find_attribute(registry_.type(type), {{}, attribute_name, {}});
        if (!attribute)
            return {};
        BASCULE_TRY(const auto objects, reader_.find_by_term(*attribute, name, 10));
        for (const auto& object : objects) {
            BASCULE_TRY(const auto entry, reader_.find_entry(object.row.oid));
            if (entry)
                BASCULE_CHECK(add(*entry));
            BASCULE_CHECK(add_parts(object.row.oid));
            if (!object.row.is_synced())
                add_local(object.row);
        }
        return {};
    }

    /// The entries of other sources that are part of an object.
    Status add_parts(directory::Oid object) {
        BASCULE_TRY(
            const auto parts, reader_.edge_sources(directory::joined_edge, object, {}, most_parts)
        );
        for (const auto& part : parts) {
            BASCULE_TRY(const auto entry, reader_.find_entry(part.oid));
            if (entry)
                BASCULE_CHECK(add(*entry));
        }
        return {};
    }

    void add_local(const directory::ObjectRow& row) {
        Explanation out;
        out.cause = Cause::local;
        out.sentence = "made here; it comes from no source";
        out.id = row.id;
        out_.push_back(std::move(out));
    }

    /// Entries in quarantine because somebody else has this name.
    Status waiting_for(const std::string& name) {
        const std::string term = "userName=" + fold_case(name);
        for (const SourceState& state : states_) {
            BASCULE_TRY(
                const auto entries,
                reader_.entries_in_state(state.id, EntryState::quarantined, 10'000)
            );
            for (const MirrorEntry& entry : entries) {
                if (entry.blocked_by == term)
                    BASCULE_CHECK(add(entry));
            }
        }
        return {};
    }

    /// What is gone is found by what the journal says of its removal.
    Status by_removal(bool is_name) {
        BASCULE_TRY(
            const auto ids,
            find_removals(reader_, question_.text, is_name ? Known::name : Known::dn)
        );
        for (const Uuid& id : ids)
            BASCULE_CHECK(by_id(id));
        return {};
    }

    const SourceState* state_of(directory::SourceId id) const {
        const auto state = std::ranges::find(states_, id, &SourceState::id);
        return state == states_.end() ? nullptr : &*state;
    }

    SourceFacts facts_of(directory::SourceId id) const {
        const auto known = std::ranges::find(question_.sources, id, &SourceFacts::id);
        return known == question_.sources.end() ? SourceFacts{} : *known;
    }

    Status add(const MirrorEntry& entry) {
        const SourceState* const state = state_of(entry.source);
        const std::string source = state == nullptr ? std::string() : state->name;
        const bool known = std::ranges::any_of(out_, [&](const Explanation& one) {
            return one.source == source && one.dn == entry.dn;
        });
        if (known)
            return {};
        Standing standing(reader_, registry_, facts_of(entry.source));
        BASCULE_TRY(Finding first, standing.of(entry, state == nullptr ? SourceState{} : *state));
        Explanation out{first.cause, std::move(first.sentence),       source,
                        entry.dn,    object_id(source, entry.anchor), entry.csn,
                        entry.seen,  standing.take_further()};
        BASCULE_TRY(
            const auto masters, reader_.edge_targets(directory::joined_edge, entry.oid, {}, 1)
        );
        if (!masters.empty())
            out.id = masters.front().id;
        out_.push_back(std::move(out));
        return {};
    }

    Status add_removed(const Object& object) {
        const SourceState* const state = state_of(object.row.source);
        BASCULE_TRY(const Removal removal, removal_of(reader_, object.row));
        Explanation out;
        out.cause = Cause::removed;
        out.source = state == nullptr ? std::string() : state->name;
        out.dn = removal.dn;
        out.id = object.row.id;
        const Time until = *object.row.deleted + question_.retain_deleted;
        out.sentence = fmt::format(
            "removed from source {} at {}: {}; it is kept until {}", out.source,
            format_time(*object.row.deleted), removal.cause, format_time(until)
        );
        out_.push_back(std::move(out));
        return {};
    }

    Explanation not_found(bool is_name) const {
        Explanation out;
        const bool inside = std::ranges::any_of(question_.sources, [&](const auto& source) {
            return is_within(question_.dn_key, source);
        });
        if (!question_.dn_key.empty() && !question_.sources.empty() && !inside) {
            out.cause = Cause::out_of_base;
            out.sentence = "not mirrored: it lies outside the search base of every source";
            return out;
        }
        if (is_name) {
            out.sentence = fmt::format(
                "not known: no mirrored user has the user name '{0}' and no mirrored group the "
                "displayName '{0}'. Ask by DN for an entry that is not mirrored",
                printable(question_.text, 80)
            );
            return out;
        }
        out.sentence =
            "not known: no source has sent such an entry. It may not exist, or the service account "
            "may not read it";
        return out;
    }

    Reader& reader_;
    const directory::Registry& registry_;
    const ExplainQuestion& question_;
    std::vector<SourceState> states_;
    std::vector<Explanation> out_;
};

}  // namespace

std::string_view to_string(Cause cause) {
    return text_of(cause).code;
}

std::string_view remedy_of(Cause cause) {
    return text_of(cause).remedy;
}

Result<std::vector<Explanation>> explain(
    Reader& reader, const directory::Registry& registry, const ExplainQuestion& question
) {
    return Explainer(reader, registry, question).run();
}

Explanation explain_inspected(const directory::Inspection& inspection, const SourceFacts& source) {
    using Verdict = directory::Inspection::Verdict;
    Explanation out;
    out.source = source.name;
    out.dn = inspection.entry.dn;
    if (inspection.verdict == Verdict::absent) {
        out.cause = Cause::not_in_directory;
        out.sentence = fmt::format(
            "not mirrored: the directory of source {} has no such entry, or hides it from the "
            "service account",
            source.name
        );
        return out;
    }
    if (inspection.verdict == Verdict::unreadable) {
        out.cause = Cause::not_readable;
        out.sentence = fmt::format(
            "not mirrored: source {}: the entry exists, and the service account may not read its "
            "objectClass or identifier",
            source.name
        );
        return out;
    }
    out.csn = inspection.entry.csn;
    if (!is_within(inspection.entry.dn_key, source)) {
        out.cause = Cause::out_of_base;
        out.sentence =
            fmt::format("not mirrored: it lies outside the base of source {}", source.name);
        return out;
    }
    const directory::MappedEntry mapped =
        source.mapper == nullptr ? directory::MappedEntry{} : source.mapper->map(inspection.entry);
    if (mapped.state == EntryState::mirrored) {
        out.cause = Cause::not_arrived;
        out.sentence = fmt::format(
            "not mirrored yet: the directory of source {} has it and a filter matches; the change "
            "feed has not brought it",
            source.name
        );
        return out;
    }
    const Finding finding = finding_of(mapped.state, mapped.reason, source.name);
    out.cause = finding.cause;
    out.sentence = finding.sentence;
    return out;
}

}  // namespace bascule::mirror

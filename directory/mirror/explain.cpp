#include "directory/mirror/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "directory/base/text.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/identity.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::MirrorEntry;
using directory::Reader;
using directory::SourceState;

namespace {

Cause cause_of(const MirrorEntry& entry, const HeldPlan& held) {
    if (held.deletes.contains(entry.anchor) || held.unmatched.contains(entry.anchor))
        return Cause::held;
    switch (entry.state) {
        case EntryState::mirrored:
            return Cause::mirrored;
        case EntryState::unmatched:
            return Cause::unmatched;
        case EntryState::quarantined:
            return Cause::quarantined;
    }
    return Cause::unknown;
}

/// The sentence of a reason, without its code.
std::string_view sentence_of(std::string_view reason) {
    const std::size_t colon = reason.find(": ");
    return colon == std::string_view::npos ? reason : reason.substr(colon + 2);
}

std::string tell(Cause cause, const MirrorEntry& entry, std::string_view source) {
    switch (cause) {
        case Cause::mirrored:
            return fmt::format("mirrored from source {}", source);
        case Cause::unmatched:
            return fmt::format("not mirrored: source {}: {}", source, sentence_of(entry.reason));
        case Cause::quarantined:
            return fmt::format("in quarantine of source {}: {}", source, entry.reason);
        case Cause::held:
            return fmt::format(
                "gone at source {}; its removal is held by the guard and waits for a decision "
                "(bascule hold)",
                source
            );
        default:
            return {};
    }
}

class Explainer {
  public:
    Explainer(Reader& reader, const directory::Registry& registry)
        : reader_(reader), registry_(registry) {}

    Result<std::vector<Explanation>> run(const ExplainQuestion& question) {
        BASCULE_TRY(states_, reader_.source_states());
        const Result<Uuid> uuid = parse_uuid(question.text);
        if (uuid)
            BASCULE_CHECK(by_id(*uuid));
        for (const SourceState& state : states_) {
            if (uuid)
                BASCULE_CHECK(by_id(object_id(state.name, *uuid)));
            if (question.dn_key.empty())
                continue;
            BASCULE_TRY(const auto entry, reader_.find_entry(state.id, question.dn_key));
            if (entry)
                BASCULE_CHECK(add(*entry));
        }
        if (out_.empty() && !uuid && question.dn_key.empty())
            BASCULE_CHECK(by_name(question.text));
        if (out_.empty())
            out_.push_back(not_found(question));
        return std::move(out_);
    }

  private:
    Status by_id(const Uuid& id) {
        BASCULE_TRY(const auto object, reader_.find_any(id));
        if (!object)
            return {};
        BASCULE_TRY(const auto entry, reader_.find_entry(object->row.oid));
        return entry ? add(*entry) : Status{};
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
        }
        return {};
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

    Status add(const MirrorEntry& entry) {
        const auto state =
            std::find_if(states_.begin(), states_.end(), [&](const SourceState& one) {
                return one.id == entry.source;
            });
        const std::string source = state == states_.end() ? std::string() : state->name;
        const HeldPlan held =
            state == states_.end() ? HeldPlan{} : HeldPlan::parse(state->held_plan);
        const Cause cause = cause_of(entry, held);
        out_.push_back(
            {cause, tell(cause, entry, source), source, entry.dn, object_id(source, entry.anchor),
             entry.csn, entry.seen}
        );
        return {};
    }

    static Explanation not_found(const ExplainQuestion& question) {
        Explanation out;
        const bool inside =
            std::any_of(question.bases.begin(), question.bases.end(), [&](const auto& base) {
                return question.dn_key.starts_with(base.second);
            });
        if (!question.dn_key.empty() && !question.bases.empty() && !inside) {
            out.cause = Cause::out_of_base;
            out.sentence = "not mirrored: it lies outside the search base of every source";
            return out;
        }
        if (question.dn_key.empty() && !parse_uuid(question.text)) {
            out.sentence = fmt::format(
                "not known: no mirrored user has the user name '{0}' and no mirrored group the "
                "displayName '{0}'. Ask by DN for an entry that is not mirrored",
                printable(question.text, 80)
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
    std::vector<SourceState> states_;
    std::vector<Explanation> out_;
};

}  // namespace

std::string_view to_string(Cause cause) {
    switch (cause) {
        case Cause::mirrored:
            return "mirrored";
        case Cause::unmatched:
            return "unmatched";
        case Cause::quarantined:
            return "quarantined";
        case Cause::held:
            return "held";
        case Cause::out_of_base:
            return "out_of_base";
        case Cause::unknown:
            return "unknown";
    }
    return "unknown";
}

Result<std::vector<Explanation>> explain(
    Reader& reader, const directory::Registry& registry, const ExplainQuestion& question
) {
    return Explainer(reader, registry).run(question);
}

}  // namespace bascule::mirror

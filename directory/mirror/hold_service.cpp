#include "directory/mirror/hold_service.hpp"

#include <fmt/format.h>

#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/identity.hpp"

namespace bascule::mirror {

using directory::Reader;
using directory::SourceState;
using directory::Transaction;

namespace {

/// Collects up to a limit of items with names for people.
class ItemList {
  public:
    ItemList(Reader& reader, std::string_view source, std::size_t limit, std::vector<HeldItem>& out)
        : reader_(reader), ids_(source), limit_(limit), out_(out) {}

    Status add_entries(const char* kind, const std::set<Uuid>& anchors) {
        for (const Uuid& anchor : anchors) {
            if (out_.size() >= limit_)
                return {};
            const Uuid id = ids_.of(anchor);
            BASCULE_TRY(const auto row, reader_.find_row(id));
            if (!row)
                continue;
            BASCULE_TRY(const auto entry, reader_.find_entry(row->oid));
            out_.push_back({kind, id, row->display, entry ? entry->dn : std::string()});
        }
        return {};
    }

    Status add_members(const Uuid& group, const std::set<Uuid>& members) {
        BASCULE_TRY(const auto row, reader_.find_row(group));
        for (const Uuid& member : members) {
            if (out_.size() >= limit_)
                return {};
            BASCULE_TRY(const auto other, reader_.find_row(member));
            out_.push_back(
                {"membership", group, row ? row->display : std::string(),
                 other ? other->display : member.to_string()}
            );
        }
        return {};
    }

    Status add_attribute(const std::string& attribute, const std::set<Uuid>& ids) {
        for (const Uuid& id : ids) {
            if (out_.size() >= limit_)
                return {};
            BASCULE_TRY(const auto row, reader_.find_row(id));
            out_.push_back({"attribute", id, row ? row->display : std::string(), attribute});
        }
        return {};
    }

  private:
    Reader& reader_;
    ObjectIds ids_;
    std::size_t limit_;
    std::vector<HeldItem>& out_;
};

Result<HeldSummary> summarise(Reader& reader, const SourceState& state, std::size_t limit) {
    const HeldPlan plan = HeldPlan::parse(state.held_plan);
    HeldSummary summary{state.name, plan.hash(), plan.since, plan.size(), {}};
    ItemList items(reader, state.name, limit, summary.items);
    BASCULE_CHECK(items.add_entries("delete", plan.deletes));
    BASCULE_CHECK(items.add_entries("unmatched", plan.unmatched));
    for (const auto& [group, members] : plan.memberships)
        BASCULE_CHECK(items.add_members(group, members));
    for (const auto& [attribute, ids] : plan.attributes)
        BASCULE_CHECK(items.add_attribute(attribute, ids));
    return summary;
}

/// The source's state when it holds exactly the plan that `hash` names.
Result<SourceState> state_with_plan(
    Transaction& transaction, std::string_view source, std::string_view hash
) {
    BASCULE_TRY(auto state, transaction.source_state(source));
    if (!state || state->held_plan.empty()) {
        return fail(
            ErrorKind::not_found, "no_held_plan",
            fmt::format("No removals of source '{}' are held.", source)
        );
    }
    const std::string present = HeldPlan::parse(state->held_plan).hash();
    const bool same = hash.size() >= 4 && present.starts_with(hash);
    if (!same) {
        return fail(
            ErrorKind::conflict, "plan_changed",
            fmt::format(
                "The held removals of source '{}' are others now (plan {}). Look at them again "
                "before you decide.",
                source, present
            )
        );
    }
    return *std::move(state);
}

Status record_decision(
    Transaction& transaction, const directory::Actor& actor, std::string_view source,
    const char* activity, const HeldPlan& plan
) {
    directory::JournalRecord record;
    record.actor = actor;
    record.origin = "Sync";
    record.activity = activity;
    record.target_display = std::string(source);
    record.details = {{"plan", plan.hash()}, {"removals", std::to_string(plan.size())}};
    return transaction.append(std::move(record));
}

Status apply_plan(EntryApplier& applier, const HeldPlan& plan) {
    for (const auto& [group, members] : plan.memberships) {
        for (const Uuid& member : members)
            BASCULE_CHECK(applier.remove_member(group, member));
    }
    for (const auto& [attribute, ids] : plan.attributes) {
        for (const Uuid& id : ids)
            BASCULE_CHECK(applier.lose_attribute(attribute, id));
    }
    for (const Uuid& anchor : plan.deletes)
        BASCULE_CHECK(applier.remove(anchor));
    for (const Uuid& anchor : plan.unmatched)
        BASCULE_CHECK(applier.shelve(anchor, "unmatched: no filter matches any more"));
    return applier.finish();
}

}  // namespace

Result<std::vector<HeldSummary>> HoldService::list(std::size_t limit) {
    std::vector<HeldSummary> out;
    const auto collect = [&](Reader& reader) -> Status {
        BASCULE_TRY(const auto states, reader.source_states());
        for (const SourceState& state : states) {
            if (state.held_plan.empty())
                continue;
            BASCULE_TRY(HeldSummary summary, summarise(reader, state, limit));
            out.push_back(std::move(summary));
        }
        return {};
    };
    BASCULE_CHECK(store_.read(collect));
    return out;
}

Status HoldService::approve(
    std::string_view source, std::string_view hash, const directory::EntryMapper& mapper,
    const directory::Actor& actor
) {
    HoldDecision decision;
    decision.source = source;
    decision.hash = hash;
    decision.approve = true;
    decision.actor = actor;
    BASCULE_TRY(const std::size_t count, decide(decision, mapper));
    static_cast<void>(count);
    return {};
}

Status HoldService::reject(
    std::string_view source, std::string_view hash, const directory::Actor& actor
) {
    return store_.write(directory::Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(SourceState state, state_with_plan(transaction, source, hash));
        const HeldPlan plan = HeldPlan::parse(state.held_plan);
        state.held_plan.clear();
        BASCULE_CHECK(transaction.put_source_state(state));
        return record_decision(transaction, actor, source, "Reject held removals", plan);
    });
}

Result<std::size_t> HoldService::decide(
    const HoldDecision& decision, const directory::EntryMapper& mapper
) {
    std::size_t count = 0;
    const auto carry_out = [&](Transaction& transaction) -> Status {
        BASCULE_TRY(
            SourceState state, state_with_plan(transaction, decision.source, decision.hash)
        );
        const ObjectIds ids(state.name);
        const HeldPlan plan = HeldPlan::parse(state.held_plan);
        BASCULE_TRY(auto parts, part_plan(transaction, ids, plan, decision.selection));
        auto& [chosen, rest] = parts;
        count = chosen.size();
        if (count == 0) {
            return fail(
                ErrorKind::not_found, "nothing_selected",
                "None of the held removals is among what you named. See: bascule hold list"
            );
        }
        if (decision.approve) {
            RemovalGuard guard{GuardLimits{}};
            EntryApplier applier(
                {transaction, store_.registry(), mapper, state.id, state.name, ids, guard, rest,
                 nullptr, joins_.get()}
            );
            BASCULE_CHECK(apply_plan(applier, chosen));
            state.last_change = transaction.now();
        }
        state.held_plan = rest.to_json();
        BASCULE_CHECK(transaction.put_source_state(state));
        return record_decision(
            transaction, decision.actor, decision.source,
            decision.approve ? "Approve held removals" : "Reject held removals", chosen
        );
    };
    BASCULE_CHECK(store_.write(directory::Durability::full, carry_out));
    return count;
}

}  // namespace bascule::mirror

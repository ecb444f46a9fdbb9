#include "directory/mirror/held_judgement.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace bascule::mirror {

namespace {

/// One plan on its way through the guard.
class Judgement {
  public:
    Judgement(
        directory::Transaction& transaction, EntryApplier& applier, RemovalGuard& guard,
        HeldPlan& held, std::size_t total
    )
        : transaction_(transaction),
          applier_(applier),
          guard_(guard),
          held_(held),
          total_(total),
          now_(transaction.now()) {}

    Status members() {
        const auto groups = held_.memberships;
        for (const auto& [group, leaving] : groups) {
            BASCULE_TRY(const auto row, transaction_.find_row(group));
            std::size_t size = 0;
            if (row) {
                BASCULE_TRY(size, transaction_.count_edges(directory::EdgeKind::member, row->oid));
            }
            const std::size_t gone = before(held_.judged.members, group);
            if (!guard_.allows_leaving(group, leaving.size() + gone, size + gone, now_))
                continue;
            guard_.record_left(group, leaving.size() + gone, now_);
            held_.memberships.erase(group);
            for (const Uuid& member : leaving)
                BASCULE_CHECK(applier_.remove_member(group, member));
        }
        return {};
    }

    Status attributes() {
        const auto lost = held_.attributes;
        for (const auto& [attribute, ids] : lost) {
            const std::size_t count = ids.size() + before(held_.judged.attributes, attribute);
            if (!guard_.allows_attribute_loss(count, total_))
                continue;
            guard_.record_loss(attribute, count, now_);
            held_.attributes.erase(attribute);
            for (const Uuid& id : ids)
                BASCULE_CHECK(applier_.lose_attribute(attribute, id));
        }
        return {};
    }

    Status entries() {
        const std::size_t count = held_.deletes.size() + held_.unmatched.size();
        const std::size_t gone = held_.judged.objects;
        const bool allowed =
            guard_.allows_refresh(count, total_) && guard_.allows_live(count + gone, total_, now_);
        if (count == 0 || !allowed)
            return {};
        guard_.record(count + gone, now_);
        for (const Uuid& anchor : std::exchange(held_.deletes, {}))
            BASCULE_CHECK(applier_.remove(anchor));
        for (const Uuid& anchor : std::exchange(held_.unmatched, {}))
            BASCULE_CHECK(applier_.shelve(anchor, "unmatched: no filter matches any more"));
        return {};
    }

  private:
    template <class Counts, class Key>
    static std::size_t before(const Counts& counts, const Key& key) {
        const auto found = counts.find(key);
        return found == counts.end() ? 0 : found->second;
    }

    directory::Transaction& transaction_;
    EntryApplier& applier_;
    RemovalGuard& guard_;
    HeldPlan& held_;
    std::size_t total_;
    Time now_;
};

}  // namespace

void note_judgement(HeldPlan& held, const RemovalGuard& guard, Time now) {
    if (held.empty()) {
        held.judged = {};
        return;
    }
    held.judged.limits = guard.limits_text();
    held.judged.objects = std::max(held.judged.objects, guard.gone(now));
    for (const auto& [group, members] : held.memberships) {
        auto& count = held.judged.members[group];
        count = std::max(count, guard.gone_of(group, now));
    }
    for (const auto& [attribute, ids] : held.attributes) {
        auto& count = held.judged.attributes[attribute];
        count = std::max(count, guard.lost_of(attribute, now));
    }
}

bool is_to_be_judged_again(const HeldPlan& held, const RemovalGuard& guard) {
    return !held.judged.limits.empty() && held.judged.limits != guard.limits_text();
}

Status judge_again(
    directory::Transaction& transaction, EntryApplier& applier, RemovalGuard& guard,
    directory::SourceId source, HeldPlan& held
) {
    BASCULE_TRY(
        const auto total, transaction.count_entries(source, directory::EntryState::mirrored)
    );
    Judgement judgement(transaction, applier, guard, held, total);
    BASCULE_CHECK(judgement.members());
    BASCULE_CHECK(judgement.attributes());
    BASCULE_CHECK(judgement.entries());
    held.judged.limits = held.empty() ? std::string() : guard.limits_text();
    return applier.finish();
}

}  // namespace bascule::mirror

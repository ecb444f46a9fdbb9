#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

template <class Factory>
class StoreMirror : public StoreContract<Factory> {
  protected:
    SourceId source() {
        if (source_ == SourceId::local) {
            source_ = this->store->register_source("corp").value_or(SourceId::local);
            EXPECT_NE(source_, SourceId::local);
        }
        return source_;
    }
    MirrorEntry entry(Oid oid, const std::string& dn, const std::string& key) {
        MirrorEntry result;
        result.oid = oid;
        result.source = source();
        result.anchor = uuid_v7(this->factory.clock.now());
        result.dn = dn;
        result.dn_key = key;
        result.seen = this->factory.clock.now();
        return result;
    }
    Oid put(
        const std::string& dn, const std::string& key, EntryState state = EntryState::mirrored
    ) {
        const auto oid = this->create(this->new_user(dn));
        auto made = entry(oid, dn, key);
        made.state = state;
        this->must_write([&](Transaction& t) { return t.put_entry(made); });
        return oid;
    }
    MirrorEntry at(Oid oid) {
        return this
            ->template read<std::optional<MirrorEntry>>([&](Reader& r) { return r.find_entry(oid); }
            )
            .value_or(MirrorEntry{});
    }
    SourceId source_ = SourceId::local;
    std::uint64_t count(EntryState state) {
        return this->template read<std::uint64_t>([&](Reader& r) {
            return r.count_entries(source(), state);
        });
    }
};
TYPED_TEST_SUITE(StoreMirror, Adapters);

TYPED_TEST(StoreMirror, SourceKeepsItsNumberAndState) {
    const auto first = this->source();
    EXPECT_NE(first, SourceId::local);
    EXPECT_EQ(this->store->register_source("corp").value_or(SourceId::local), first);
    SourceState state{"corp", first, std::string("rid=1\0x", 7), "base", "mapping",
                      "live", "{}",  this->factory.clock.now()};
    this->must_write([&](Transaction& t) { return t.put_source_state(state); });
    this->store.reset();
    this->store = this->factory.open();
    const auto found = this->template read<std::optional<SourceState>>([](Reader& r) {
        return r.source_state("corp");
    });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->cookie, state.cookie);
    EXPECT_EQ(found->fingerprint, "base");
    EXPECT_EQ(found->mapping_fingerprint, "mapping");
    EXPECT_EQ(found->phase, "live");
    EXPECT_EQ(found->held_plan, "{}");
    EXPECT_EQ(found->last_change, state.last_change);
    EXPECT_THAT(
        this->template read<std::vector<SourceState>>([](Reader& r) { return r.source_states(); }),
        SizeIs(1)
    );
}

TYPED_TEST(StoreMirror, EntriesAreFoundByNumberKeyAndSubtree) {
    const auto people = this->put("ou=p,dc=x", "dc=x\1ou=p\1");
    const auto ada = this->put("uid=ada,ou=p,dc=x", "dc=x\1ou=p\1uid=ada\1");
    this->put("ou=people,dc=x", "dc=x\1ou=people\1");
    const auto found = this->template read<std::optional<MirrorEntry>>([&](Reader& r) {
        return r.find_entry(this->source(), "dc=x\1ou=p\1uid=ada\1");
    });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->oid, ada);
    const auto below = this->template read<std::vector<MirrorEntry>>([&](Reader& r) {
        return r.entries_below(this->source(), "dc=x\1ou=p\1");
    });
    ASSERT_EQ(below.size(), 2U);
    EXPECT_EQ(below[0].oid, people);
    EXPECT_EQ(below[1].oid, ada);
}

TYPED_TEST(StoreMirror, CountsPerStateAreKept) {
    const auto ada = this->put("a", "a\1");
    this->put("b", "b\1", EntryState::quarantined);
    EXPECT_EQ(this->count(EntryState::mirrored), 1U);
    EXPECT_EQ(this->count(EntryState::quarantined), 1U);
    auto changed = this->at(ada);
    changed.state = EntryState::unmatched;
    this->must_write([&](Transaction& t) { return t.put_entry(changed); });
    EXPECT_EQ(this->count(EntryState::mirrored), 0U);
    EXPECT_EQ(this->count(EntryState::unmatched), 1U);
    this->must_write([&](Transaction& t) { return t.erase_entry(ada); });
    EXPECT_EQ(this->count(EntryState::unmatched), 0U);
}

TYPED_TEST(StoreMirror, RenamedSubtreeMovesKeysAndNames) {
    const auto top = this->put("ou=p,dc=x", "dc=x\1ou=p\1");
    const auto leaf = this->put("cn=a\\,b,OU=P, DC=x", "dc=x\1ou=p\1cn=a\\,b\1");
    const auto other = this->put("ou=p2,dc=x", "dc=x\1ou=p2\1");
    this->must_write([&](Transaction& t) -> Status {
        auto moved = t.rebase_entries(
            this->source(), "dc=x\1ou=p\1", "dc=y\1ou=q\1", "ou=p,dc=x", "ou=q,dc=y"
        );
        EXPECT_EQ(moved.value_or(0), 2U);
        return {};
    });
    EXPECT_EQ(this->at(top).dn, "ou=q,dc=y");
    EXPECT_EQ(this->at(leaf).dn, "cn=a\\,b,ou=q,dc=y");
    EXPECT_EQ(this->at(leaf).dn_key, "dc=y\1ou=q\1cn=a\\,b\1");
    EXPECT_EQ(this->at(other).dn_key, "dc=x\1ou=p2\1");
}

TYPED_TEST(StoreMirror, BlockedEntriesAreFoundByTheTermTheyWaitFor) {
    const auto oid = this->create(this->new_user("x"));
    auto made = this->entry(oid, "uid=x", "uid=x\1");
    made.state = EntryState::quarantined;
    made.blocked_by = "userName=jdoe";
    made.raw = std::string("a\0b", 3);
    this->must_write([&](Transaction& t) { return t.put_entry(made); });
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_TRY(const auto blocked, t.entries_blocked_by(made.source, "userName=jdoe"));
        EXPECT_EQ(blocked.size(), 1U);
        EXPECT_EQ(blocked[0].raw, made.raw);
        BASCULE_TRY(const auto none, t.entries_blocked_by(made.source, ""));
        EXPECT_TRUE(none.empty());
        return t.erase_entry(oid);
    });
    EXPECT_FALSE(this->template read<std::optional<MirrorEntry>>([&](Reader& r) {
        return r.find_entry(oid);
    }));
}

TYPED_TEST(StoreMirror, EntriesAreListedByState) {
    const auto good = this->put("a", "a\1");
    const auto bad = this->put("b", "b\1", EntryState::quarantined);
    const auto in = [&](EntryState state) {
        std::vector<Oid> oids;
        for (const auto& found : this->template read<std::vector<MirrorEntry>>([&](Reader& r) {
                 return r.entries_in_state(this->source(), state, 10);
             })) {
            oids.push_back(found.oid);
        }
        return oids;
    };
    EXPECT_THAT(in(EntryState::mirrored), ElementsAre(good));
    EXPECT_THAT(in(EntryState::quarantined), ElementsAre(bad));
    EXPECT_THAT(in(EntryState::unmatched), IsEmpty());
    std::size_t seen = 0;
    EXPECT_TRUE(this->store->read([&](Reader& r) {
        return r.each_entry(this->source(), [&](Oid, const Uuid&, EntryState) -> Status {
            ++seen;
            return {};
        });
    }));
    EXPECT_EQ(seen, 2U);
}

TYPED_TEST(StoreMirror, PendingReferencesWaitForADn) {
    const auto team = this->create(this->new_group("team"));
    const PendingReference first{this->source(), "uid=a\1", EdgeKind::member, team};
    const PendingReference second{this->source(), "uid=b\1", EdgeKind::member, team};
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_CHECK(t.add_pending(first));
        BASCULE_CHECK(t.add_pending(first));
        BASCULE_CHECK(t.add_pending(second));
        BASCULE_TRY(const auto waiting, t.pending_for(this->source(), "uid=a\1"));
        EXPECT_EQ(waiting.size(), 1U);
        BASCULE_TRY(const auto from, t.pending_from(EdgeKind::member, team));
        EXPECT_EQ(from.size(), 2U);
        BASCULE_CHECK(t.remove_pending(first));
        BASCULE_TRY(const auto left, t.pending_from(EdgeKind::member, team));
        EXPECT_EQ(left.size(), 1U);
        BASCULE_CHECK(t.clear_pending(EdgeKind::member, team));
        BASCULE_TRY(const auto none, t.pending_from(EdgeKind::member, team));
        EXPECT_TRUE(none.empty());
        return {};
    });
}

TYPED_TEST(StoreMirror, JournalIsTrimmedFromItsOldestEndAndKeepsTheNewest) {
    const Time start = this->factory.clock.now();
    for (int hour = 0; hour < 5; ++hour) {
        this->must_write([&](Transaction& t) {
            JournalRecord record;
            record.time = start + std::chrono::hours(hour);
            return t.append(record);
        });
    }
    const auto trim = [&](int hours, std::size_t limit) {
        std::uint64_t removed = 0;
        this->must_write([&](Transaction& t) -> Status {
            BASCULE_TRY(removed, t.trim_journal(start + std::chrono::hours(hours), limit));
            return {};
        });
        return removed;
    };
    const auto sequences = [&] {
        std::vector<std::int64_t> list;
        for (const auto& record : this->template read<std::vector<JournalRecord>>([](Reader& r) {
                 return r.journal({});
             })) {
            list.push_back(record.sequence);
        }
        return list;
    };
    EXPECT_EQ(trim(2, 100), 2U);
    EXPECT_THAT(sequences(), ElementsAre(3, 4, 5));
    EXPECT_EQ(trim(100, 1), 1U);
    EXPECT_EQ(trim(100, 100), 1U);
    EXPECT_THAT(sequences(), ElementsAre(5));
    EXPECT_EQ(trim(100, 100), 0U);
}

TYPED_TEST(StoreMirror, JournalIsReadForwardBackwardAndByActorActivityTarget) {
    const auto target = uuid_v7(this->factory.clock.now());
    for (int index = 0; index < 5; ++index) {
        this->must_write([&](Transaction& t) {
            JournalRecord record;
            record.actor = {ActorKind::user, target, index % 2 == 0 ? "mira" : "noor"};
            record.activity = index < 3 ? "Reset" : "Delete";
            record.details = {{"n", std::to_string(index)}, {"quote", "\"\\\n"}};
            if (index == 4) {
                record.target = target;
            }
            return t.append(record);
        });
    }
    const auto numbers = [&](JournalQuery query) {
        std::vector<std::string> list;
        for (const auto& record : this->template read<std::vector<JournalRecord>>([&](Reader& r) {
                 return r.journal(query);
             })) {
            list.push_back(record.details.at(0).second);
            EXPECT_EQ(record.details.at(1).second, "\"\\\n");
            EXPECT_EQ(record.time, this->factory.clock.now());
        }
        return list;
    };
    JournalQuery query;
    query.limit = 2;
    EXPECT_THAT(numbers(query), ElementsAre("0", "1"));
    query.after = 2;
    EXPECT_THAT(numbers(query), ElementsAre("2", "3"));
    query = {};
    query.newest_first = true;
    query.limit = 2;
    EXPECT_THAT(numbers(query), ElementsAre("4", "3"));
    query.after = 4;
    EXPECT_THAT(numbers(query), ElementsAre("2", "1"));
    query = {};
    query.actor = "mira";
    EXPECT_THAT(numbers(query), ElementsAre("0", "2", "4"));
    query.activity = "Reset";
    EXPECT_THAT(numbers(query), ElementsAre("0", "2"));
    query = {};
    query.target = target;
    EXPECT_THAT(numbers(query), ElementsAre("4"));
    EXPECT_EQ(this->template read<std::int64_t>([](Reader& r) { return r.last_sequence(); }), 5);
}

}  // namespace
}  // namespace bascule::test

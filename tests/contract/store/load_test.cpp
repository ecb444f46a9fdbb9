#include <gmock/gmock.h>

#include <thread>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

template <class Factory>
class StoreLoad : public StoreContract<Factory> {
  protected:
    void SetUp() override {
        source = this->store->register_source("corp").value_or(SourceId::local);
    }

    std::unique_ptr<Loader> begin() {
        auto loader = this->store->begin_load("corp");
        EXPECT_TRUE(loader.has_value())
            << (loader ? "" : loader.error().detail + loader.error().context);
        return loader ? std::move(*loader) : nullptr;
    }
    static Uuid id_of(const std::string& name) { return uuid_v5(Uuid{}, name); }
    static std::string key_of(const std::string& name) { return "dc=x\1uid=" + name + "\1"; }

    Status add(
        Loader& loader, const std::string& name, std::vector<Loader::Reference> references = {},
        bool is_group = false, EntryState state = EntryState::mirrored
    ) {
        auto object =
            is_group ? this->new_group(name) : this->new_user(name, R"(,"title":"clerk")");
        if (state != EntryState::mirrored) {
            object.type = this->factory.registry.type("Unmapped");
            object.body = "{}";
        }
        object.id = id_of(name);
        object.source = source;
        MirrorEntry entry;
        entry.source = source;
        entry.anchor = id_of("anchor " + name);
        entry.dn = "uid=" + name + ",dc=x";
        entry.dn_key = key_of(name);
        entry.state = state;
        return loader.add(std::move(object), std::move(entry), references);
    }
    Status finish(Loader& loader) {
        SourceState state{"corp", source, "cookie-1", "f",
                          "m",    "live", "",         this->factory.clock.now()};
        JournalRecord record;
        record.activity = "First load";
        return loader.finish(state, record);
    }
    std::optional<Object> find(const std::string& name) {
        return this->template read<std::optional<Object>>([&](Reader& r) {
            return r.find(id_of(name));
        });
    }
    std::uint64_t users() {
        return this->template read<std::uint64_t>([&](Reader& r) { return r.count(this->user()); });
    }
    std::vector<std::string> members(const std::string& group_name) {
        const auto group = find(group_name);
        std::vector<std::string> names;
        if (group) {
            for (const auto& row : this->template read<std::vector<ObjectRow>>([&](Reader& r) {
                     return r.edge_targets(EdgeKind::member, group->row.oid, Oid{}, 100000);
                 })) {
                names.push_back(row.display);
            }
        }
        return names;
    }
    void must(const Status& status) {
        ASSERT_TRUE(status.has_value())
            << status.error().code << " " << status.error().detail << " " << status.error().context;
    }

    SourceId source{};
};
TYPED_TEST_SUITE(StoreLoad, Adapters);

TYPED_TEST(StoreLoad, LoadedObjectsEdgesEntriesAndStateAreThereAfterFinish) {
    auto loader = this->begin();
    this->must(this->add(
        *loader, "team",
        {{EdgeKind::member, this->key_of("bob")},
         {EdgeKind::member, this->key_of("ann")},
         {EdgeKind::member, this->key_of("ann")},
         {EdgeKind::member, this->key_of("ghost")},
         {EdgeKind::member, this->key_of("odd")}},
        true
    ));
    this->must(this->add(*loader, "ann", {{EdgeKind::manager, this->key_of("bob")}}));
    this->must(this->add(*loader, "bob"));
    this->must(this->add(*loader, "odd", {}, false, EntryState::quarantined));
    this->must(this->finish(*loader));
    loader.reset();

    EXPECT_THAT(this->members("team"), ElementsAre("ann", "bob"));
    EXPECT_EQ(this->find("team")->row.references, 2U);
    EXPECT_EQ(this->find("ann")->row.references, 1U);
    EXPECT_EQ(this->find("ann")->row.source, this->source);
    EXPECT_EQ(this->users(), 2U);
    EXPECT_THAT(this->by_user_name("ANN"), ElementsAre("ann"));
    EXPECT_EQ(this->query(this->where("title", Operator::eq, std::string("clerk"))).total, 2U);
    const auto team = this->find("team")->row.oid;
    const auto above = this->template read<std::vector<Neighbour>>([&](Reader& r) {
        return r.reaching(EdgeKind::member, this->find("ann")->row.oid);
    });
    ASSERT_EQ(above.size(), 1U);
    EXPECT_EQ(above[0].row.oid, team);
    const auto entry = this->template read<std::optional<MirrorEntry>>([&](Reader& r) {
        return r.find_entry(this->source, this->key_of("bob"));
    });
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->oid, this->find("bob")->row.oid);
    const auto state = this->template read<std::optional<SourceState>>([](Reader& r) {
        return r.source_state("corp");
    });
    EXPECT_EQ(state->cookie, "cookie-1");
    EXPECT_EQ(state->phase, "live");
    EXPECT_THAT(
        this->template read<std::vector<JournalRecord>>([](Reader& r) { return r.journal({}); }),
        SizeIs(1)
    );
    EXPECT_EQ(
        this->template read<std::uint64_t>([&](Reader& r) {
            return r.count_entries(this->source, EntryState::quarantined);
        }),
        1U
    );
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_TRY(const auto pending, t.pending_from(EdgeKind::member, team));
        EXPECT_EQ(pending.size(), 2U);
        BASCULE_TRY(const auto ghost, t.pending_for(this->source, this->key_of("ghost")));
        EXPECT_EQ(ghost.size(), 1U);
        return {};
    });
    this->create(this->new_user("later"));
    EXPECT_EQ(this->users(), 3U);
}

TYPED_TEST(StoreLoad, LocalObjectsStayServedAndLoadedOnesHiddenUntilFinish) {
    const auto local = this->new_user("local");
    const auto local_oid = this->create(local);
    auto loader = this->begin();
    for (int index = 0; index < 9000; ++index) {
        this->must(this->add(*loader, "u" + std::to_string(index)));
    }
    EXPECT_TRUE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find(local.id);
    }));
    EXPECT_FALSE(this->find("u1"));
    EXPECT_EQ(this->users(), 1U);
    Query all;
    all.type = this->user();
    EXPECT_THAT(this->names(this->query(all)), ElementsAre("local"));
    EXPECT_THAT(this->by_user_name("local"), ElementsAre("local"));
    this->create(this->new_user("beside"));
    EXPECT_THAT(this->by_user_name("beside"), ElementsAre("beside"));
    this->must_write([&](Transaction& t) { return t.remove(local_oid); });
    this->must(this->finish(*loader));
    EXPECT_EQ(this->users(), 9001U);
    EXPECT_EQ(this->query(all).total, 9001U);
    EXPECT_TRUE(this->find("u1"));
    EXPECT_THAT(this->by_user_name("u8999"), ElementsAre("u8999"));
}

TYPED_TEST(StoreLoad, TakenUniqueValueIsAConflictAtOnce) {
    this->create(this->new_user("taken"));
    auto loader = this->begin();
    this->must(this->add(*loader, "ann"));
    const auto local = this->add(*loader, "TAKEN");
    ASSERT_FALSE(local);
    EXPECT_EQ(local.error().code, "uniqueness");
    EXPECT_EQ(local.error().field, "userName");
    EXPECT_EQ(this->add(*loader, "Ann").error().code, "uniqueness");
    this->must(this->add(*loader, "Ann", {}, false, EntryState::quarantined));
    const auto beside = this->write([&](Transaction& t) -> Status {
        auto made = t.create(this->new_user("ann"));
        return made ? Status{} : fail(made.error());
    });
    ASSERT_FALSE(beside);
    EXPECT_EQ(beside.error().code, "uniqueness");
    this->must(this->finish(*loader));
    EXPECT_EQ(this->users(), 2U);
}

TYPED_TEST(StoreLoad, AbandonedLoadLeavesNothing) {
    this->create(this->new_user("local"));
    auto loader = this->begin();
    for (int index = 0; index < 5000; ++index) {
        this->must(this->add(*loader, "u" + std::to_string(index)));
    }
    EXPECT_EQ(this->store->begin_load("corp").error().code, "load_running");
    loader.reset();
    EXPECT_EQ(this->users(), 1U);
    EXPECT_FALSE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find_any(this->id_of("u1"));
    }));
    EXPECT_FALSE(this->template read<std::optional<MirrorEntry>>([&](Reader& r) {
        return r.find_entry(this->source, this->key_of("u1"));
    }));
    loader = this->begin();
    this->must(this->add(*loader, "u1"));
    this->must(this->finish(*loader));
    EXPECT_TRUE(this->find("u1"));
}

TYPED_TEST(StoreLoad, SecondSourceLoadsBesideAFullStore) {
    auto loader = this->begin();
    for (int index = 0; index < 12000; ++index) {
        this->must(this->add(*loader, "u" + std::to_string(index)));
    }
    this->must(this->finish(*loader));
    loader.reset();
    EXPECT_EQ(this->store->begin_load("corp").error().code, "source_not_empty");
    this->source = this->store->register_source("other").value_or(SourceId::local);
    auto second = this->store->begin_load("other");
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(this->add(**second, "u5").error().code, "uniqueness");
    this->must(this->add(**second, "v1", {{EdgeKind::manager, this->key_of("v2")}}));
    this->must(this->add(**second, "v2"));
    EXPECT_TRUE(this->find("u11999"));
    SourceState state{"other", this->source, "c", "f", "m", "live", "", this->factory.clock.now()};
    this->must((*second)->finish(state, {}));
    EXPECT_EQ(this->users(), 12002U);
    EXPECT_EQ(this->find("v1")->row.references, 1U);
}

TYPED_TEST(StoreLoad, UnknownSourceIsRefused) {
    EXPECT_EQ(this->store->begin_load("nobody").error().code, "unknown_source");
}

TYPED_TEST(StoreLoad, FarPagesOfLoadedObjectsAreExact) {
    constexpr std::size_t loaded = 9'000;
    auto loader = this->begin();
    for (std::size_t n = 0; n < loaded; ++n) {
        this->must(this->add(*loader, "u" + std::to_string(n)));
    }
    this->must(this->finish(*loader));
    loader.reset();
    Query query;
    query.type = this->user();
    query.offset = 8'998;
    query.limit = 10;
    const auto page = this->query(query);
    EXPECT_THAT(this->names(page), ElementsAre("u8998", "u8999"));
    EXPECT_EQ(page.total, loaded);
}

}  // namespace
}  // namespace bascule::test

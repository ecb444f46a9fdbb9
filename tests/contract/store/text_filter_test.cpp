// Filters by a part or the end of a text, which read the packed values of an attribute.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <random>

#include "fixture.hpp"
#include "store/sqlite/text_search.hpp"
#include "store/sqlite/value_block.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class TextFilter : public StoreContract<SqliteFactory> {
  protected:
    std::vector<std::string> with_title(Operator op, const std::string& wanted) {
        return names(query(where("title", op, wanted)));
    }
    Oid titled(const std::string& name, const std::string& title) {
        return create(new_user(name, R"(,"title":")" + title + R"(")"));
    }
    void retitle(Oid oid, const std::string& name, const std::string& title) {
        must_write([&](Transaction& t) -> Status {
            BASCULE_TRY(
                const auto changed,
                t.update(oid, user_body(name, R"(,"title":")" + title + R"(")"), "", name)
            );
            return changed ? Status{} : fail(ErrorKind::internal, "unchanged", "");
        });
    }
    std::string explained(Filter filter) {
        Query query;
        query.type = user();
        query.filter = std::move(filter);
        return read<std::string>([&](Reader& r) { return r.explain(query); });
    }
    void execute(const char* statements) {
        sqlite3* raw = nullptr;
        ASSERT_EQ(sqlite3_open(factory.path().c_str(), &raw), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(raw, statements, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(raw);
    }
};

TEST_F(TextFilter, AValueIsFoundByItsMiddleAndItsEnd) {
    titled("ada", "Head of Research");
    titled("bob", "Researcher");
    titled("cid", "search engine");
    EXPECT_THAT(with_title(Operator::co, "SEARCH"), ElementsAre("ada", "bob", "cid"));
    EXPECT_THAT(with_title(Operator::ew, "Research"), ElementsAre("ada"));
    EXPECT_THAT(with_title(Operator::co, "archer"), ElementsAre("bob"));
    EXPECT_THAT(with_title(Operator::ew, "a longer text than any title has"), IsEmpty());
}

TEST_F(TextFilter, TwoNeighbouringValuesDoNotMakeOne) {
    titled("ada", "left");
    titled("bob", "right");
    EXPECT_THAT(with_title(Operator::co, "tr"), IsEmpty());
    EXPECT_THAT(with_title(Operator::co, "ft"), ElementsAre("ada"));
    EXPECT_THAT(with_title(Operator::co, "ri"), ElementsAre("bob"));
}

TEST_F(TextFilter, ChangesCountAtOnceAlsoInsideTheTransaction) {
    const auto ada = titled("ada", "clerk");
    retitle(ada, "ada", "manager");
    EXPECT_THAT(with_title(Operator::co, "ler"), IsEmpty());
    EXPECT_THAT(with_title(Operator::co, "anag"), ElementsAre("ada"));
    must_write([&](Transaction& t) -> Status {
        Query query;
        query.type = user();
        query.filter = where("title", Operator::ew, std::string("agent"));
        BASCULE_TRY(const auto made, t.create(new_user("bob", R"(,"title":"agent")")));
        BASCULE_TRY(const auto found, t.query(query));
        EXPECT_THAT(names(found), ElementsAre("bob"));
        BASCULE_CHECK(t.remove(made));
        BASCULE_TRY(const auto gone, t.query(query));
        EXPECT_THAT(names(gone), IsEmpty());
        return {};
    });
}

TEST_F(TextFilter, WhatATransactionUndoesIsNotFound) {
    const auto ada = titled("ada", "clerk");
    const auto status = write([&](Transaction& t) -> Status {
        BASCULE_TRY(
            const auto changed, t.update(ada, user_body("ada", R"(,"title":"gone")"), "", "ada")
        );
        EXPECT_TRUE(changed);
        return fail(ErrorKind::conflict, "undone", "");
    });
    EXPECT_FALSE(status);
    EXPECT_THAT(with_title(Operator::co, "gon"), IsEmpty());
    EXPECT_THAT(with_title(Operator::co, "ler"), ElementsAre("ada"));
}

TEST_F(TextFilter, DeletedObjectsAreNotFoundAndRestoredOnesAre) {
    const auto ada = titled("ada", "clerk");
    must_write([&](Transaction& t) { return t.remove(ada); });
    EXPECT_THAT(with_title(Operator::co, "ler"), IsEmpty());
    must_write([&](Transaction& t) { return t.restore(ada); });
    EXPECT_THAT(with_title(Operator::co, "ler"), ElementsAre("ada"));
}

TEST_F(TextFilter, PagesAndTotalsAreExactOverManyBlocks) {
    must_write([&](Transaction& t) -> Status {
        for (int n = 0; n < 1000; ++n) {
            const std::string title = n % 7 == 0 ? "lucky seven" : "number " + std::to_string(n);
            BASCULE_TRY(
                const auto made,
                t.create(new_user("u" + std::to_string(n), R"(,"title":")" + title + R"(")"))
            );
            static_cast<void>(made);
        }
        return {};
    });
    Query page;
    page.type = user();
    page.filter = where("title", Operator::co, std::string("ucky"));
    page.offset = 100;
    page.limit = 3;
    const auto result = query(page);
    EXPECT_EQ(result.total, 143U);
    EXPECT_THAT(names(result), ElementsAre("u700", "u707", "u714"));
    page.keyset = Keyset{SortPosition{std::nullopt, result.objects.front().row.oid}, true};
    EXPECT_THAT(names(query(page)), ElementsAre("u679", "u686", "u693"));
    EXPECT_EQ(
        query(combined(Filter::Kind::negation, {where("title", Operator::ew, std::string("seven"))})
        )
            .total,
        1000U - 143U
    );
}

TEST_F(TextFilter, EveryOneOfSeveralValuesCounts) {
    create(new_user("ada", R"(,"emails":[{"value":"ada@x.test"},{"value":"lady@y.test"}])"));
    const auto by_mail = [&](Operator op, const std::string& wanted) {
        return names(query(comparison(factory.registry, "User", {"", "emails", "value"}, op, wanted)
        ));
    };
    EXPECT_THAT(by_mail(Operator::co, "dy@"), ElementsAre("ada"));
    EXPECT_THAT(by_mail(Operator::ew, "@x.test"), ElementsAre("ada"));
    EXPECT_THAT(by_mail(Operator::co, ".test"), ElementsAre("ada"));
    EXPECT_THAT(by_mail(Operator::co, "testlady"), IsEmpty());
}

TEST_F(TextFilter, ExactCaseIsKeptWhereTheAttributeHasIt) {
    create(new_user("ada", R"(,"code":"aBcD")"));
    EXPECT_THAT(names(query(where("code", Operator::co, std::string("Bc")))), ElementsAre("ada"));
    EXPECT_THAT(names(query(where("code", Operator::co, std::string("bc")))), IsEmpty());
}

TEST_F(TextFilter, ALongValueIsFoundBehindWhatItsTermKeeps) {
    titled("ada", std::string(400, 'x') + "needle");
    titled("bob", std::string(400, 'x') + "thread");
    EXPECT_THAT(with_title(Operator::ew, "needle"), ElementsAre("ada"));
    EXPECT_THAT(with_title(Operator::co, "xthre"), ElementsAre("bob"));
}

TEST_F(TextFilter, ExplainTellsWhatIsRead) {
    titled("ada", "clerk");
    const auto part = where("title", Operator::co, std::string("ler"));
    EXPECT_THAT(
        explained(part),
        testing::StartsWith("drive: title co by reading the packed values of the attribute")
    );
    const auto name = where("userName", Operator::eq, std::string("ada"));
    EXPECT_THAT(
        explained(combined(Filter::Kind::all_of, {part, name})),
        testing::StartsWith("drive: userName eq")
    );
    EXPECT_THAT(explained(part), Not(HasSubstr("no index")));
}

TEST_F(TextFilter, ServesAStoreFromBeforeValuesWerePacked) {
    titled("ada", "clerk");
    create(new_group("clerks"));
    store.reset();
    execute("DROP TABLE value_block; DROP TABLE edge_count; PRAGMA user_version=3");
    store = factory.open();
    EXPECT_THAT(with_title(Operator::co, "ler"), ElementsAre("ada"));
    Query groups;
    groups.type = group();
    groups.filter = comparison(
        factory.registry, "Group", {"", "displayName", ""}, Operator::ew, std::string("erks")
    );
    EXPECT_EQ(query(groups).total, 1U);
    store.reset();
    store = factory.open();
    EXPECT_THAT(with_title(Operator::co, "ler"), ElementsAre("ada"));
}

TEST_F(TextFilter, AnAttributeThatBecomesSearchableIsFoundByItsParts) {
    create(new_user("ada", R"(,"nickName":"the countess")"));
    store.reset();
    TypeSpec changed = factory.registry.spec(user());
    for (auto& attribute : changed.attributes) {
        attribute.searchable = attribute.searchable || attribute.path.name == "nickName";
    }
    TypeSpec groups = factory.registry.spec(group());
    Registry registry;
    register_internal_types(registry);
    registry.add(std::move(changed));
    registry.add(std::move(groups));
    factory.registry = std::move(registry);
    store = factory.open();
    const auto found = query(where("nickName", Operator::co, std::string("count")));
    EXPECT_THAT(names(found), ElementsAre("ada"));
    EXPECT_THAT(
        explained(where("nickName", Operator::co, std::string("count"))), HasSubstr("packed values")
    );
}

TEST_F(TextFilter, LoadedObjectsAreFoundAndAnAbandonedLoadLeavesNoValues) {
    const auto source = store->register_source("corp").value_or(SourceId::local);
    const auto load = [&](const std::string& prefix, bool finishes) {
        auto loader = store->begin_load("corp");
        ASSERT_TRUE(loader);
        for (int n = 0; n < 200; ++n) {
            auto object = new_user(prefix + std::to_string(n), R"(,"title":"loaded clerk")");
            object.id = uuid_v5(Uuid{}, prefix + std::to_string(n));
            object.source = source;
            MirrorEntry entry;
            entry.source = source;
            entry.anchor = object.id;
            entry.dn = entry.dn_key = prefix + std::to_string(n);
            entry.state = EntryState::mirrored;
            ASSERT_TRUE((*loader)->add(std::move(object), std::move(entry), {}));
        }
        if (finishes) {
            const SourceState state{"corp", source, "c", "f", "m", "live", "", factory.clock.now()};
            ASSERT_TRUE((*loader)->finish(state, JournalRecord{}));
        }
    };
    titled("local", "local clerk");
    load("a", false);
    EXPECT_THAT(with_title(Operator::co, "clerk"), ElementsAre("local"));
    load("b", true);
    EXPECT_EQ(query(where("title", Operator::co, std::string("ed cl"))).total, 200U);
    EXPECT_EQ(query(where("userName", Operator::ew, std::string("b199"))).total, 1U);
    EXPECT_EQ(query(where("userName", Operator::co, std::string("a1"))).total, 0U);
    titled("later", "later clerk");
    EXPECT_EQ(query(where("title", Operator::ew, std::string("clerk"))).total, 202U);
}

TEST(TextSearch, FindsWhatFindFinds) {
    std::mt19937 random(7);
    const auto below = [&](std::size_t end) { return random() % end; };
    for (int turn = 0; turn < 20'000; ++turn) {
        std::string text(below(90), 'a');
        for (auto& letter : text) {
            letter = static_cast<char>('a' + below(3));
        }
        const auto start = below(text.size() + 1);
        const std::string wanted =
            below(4) == 0 ? std::string(below(5), 'b') : text.substr(start, below(24));
        const auto from = below(text.size() + 2);
        ASSERT_EQ(store::find_text(text, wanted, from), text.find(wanted, from))
            << text << " " << wanted << " " << from;
    }
}

TEST(ValueBlock, DamagedBytesNeverLeadOutside) {
    store::ValueBlock block;
    block.add(0, "first");
    block.add(63, "last");
    const auto bytes = block.bytes();
    std::mt19937 random(7);
    for (int turn = 0; turn < 20'000; ++turn) {
        auto damaged = bytes.substr(0, random() % (bytes.size() + 1));
        if (!damaged.empty()) {
            damaged[random() % damaged.size()] = static_cast<char>(random());
        }
        // Copied to its exact size, so that a sanitizer sees every byte beyond.
        const std::vector<char> exact(damaged.begin(), damaged.end());
        const std::string_view view(exact.data(), exact.size());
        static_cast<void>(store::matching_places(view, {false, "st", true}));
        static_cast<void>(store::matching_places(view, {true, "st", false}));
    }
    EXPECT_EQ(store::matching_places(bytes, {false, "st", false}), 1U | std::uint64_t{1} << 63U);
    EXPECT_EQ(store::matching_places(bytes, {true, "first", false}), 1U);
}

}  // namespace
}  // namespace bascule::test

#include <gmock/gmock.h>

#include <algorithm>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;

/// Users of whom some lack what lists are sorted by, and many share it.
template <class Factory>
class StoreKeyset : public StoreContract<Factory> {
  protected:
    void fill(int count) {
        this->must_write([&](Transaction& t) -> Status {
            for (int number = 0; number < count; ++number) {
                std::string more;
                if (number % 3 != 0) {
                    more += ",\"title\":\"t" + std::to_string(number % 7) + "\"";
                }
                if (number % 5 != 0) {
                    more += ",\"level\":" + std::to_string(number % 11 - 5);
                }
                more += number % 2 == 0 ? ",\"nickName\":\"even\"" : ",\"active\":true";
                more += R"(,"emails":[{"value":"m)" + std::to_string(number % 13) + "\"}]";
                const auto name = "u" + std::to_string(number);
                BASCULE_CHECK(t.create(this->new_user(name, more)).map([](Oid) {}));
            }
            return {};
        });
    }
    std::vector<std::optional<Sort>> orders() {
        std::vector<std::optional<Sort>> list{std::nullopt};
        for (const bool descending : {false, true}) {
            for (const auto field : {RowField::id, RowField::created, RowField::last_modified}) {
                list.push_back(Sort{std::nullopt, field, descending});
            }
            for (const AttributePath& path :
                 {AttributePath{"", "title", ""}, {"", "level", ""}, {"", "emails", "value"}}) {
                list.push_back(Sort{
                    this->factory.registry.find_attribute(this->user(), path), RowField::id,
                    descending});
            }
        }
        return list;
    }
    std::vector<Filter> filters() {
        return {
            Filter{},
            this->where("active", Operator::eq, true),
            this->where("userName", Operator::sw, std::string("u1")),
            this->where("nickName", Operator::eq, std::string("even")),
            combined(Filter::Kind::negation, {this->where("title", Operator::pr, {})}),
        };
    }
    static std::vector<Oid> oids(const QueryResult& result) {
        std::vector<Oid> list;
        for (const auto& object : result.objects) {
            list.push_back(object.row.oid);
        }
        return list;
    }
    /// All pages, one after the other, and back again.
    void walk(Query query, const std::vector<Oid>& expected) {
        query.keyset.emplace();
        std::vector<Oid> seen;
        QueryResult page;
        do {
            page = this->query(query);
            EXPECT_LE(page.objects.size(), query.limit);
            EXPECT_EQ(page.positions.size(), page.objects.size());
            EXPECT_EQ(page.total, expected.size());
            const auto numbers = oids(page);
            seen.insert(seen.end(), numbers.begin(), numbers.end());
            if (page.more) {
                query.keyset->from = page.positions.back();
            }
        } while (page.more);
        ASSERT_EQ(seen, expected);
        query.keyset.emplace().before = true;
        std::vector<Oid> back;
        do {
            page = this->query(query);
            const auto numbers = oids(page);
            back.insert(back.begin(), numbers.begin(), numbers.end());
            if (page.more) {
                query.keyset->from = page.positions.front();
            }
        } while (page.more);
        ASSERT_EQ(back, expected);
    }
    void walk_everything(std::uint64_t limit) {
        for (const auto& order : orders()) {
            for (const auto& filter : filters()) {
                Query query;
                query.type = this->user();
                query.filter = filter;
                query.sort = order;
                query.limit = 100'000;
                const auto expected = oids(this->query(query));
                query.limit = limit;
                SCOPED_TRACE(this->template read<std::string>([&](Reader& r) {
                    return r.explain(query);
                }));
                walk(query, expected);
            }
        }
    }
};
TYPED_TEST_SUITE(StoreKeyset, Adapters);

TYPED_TEST(StoreKeyset, PagesJoinToTheWholeListInEveryOrder) {
    this->fill(60);
    this->walk_everything(7);
}

TYPED_TEST(StoreKeyset, PagesJoinWhenIndexesAreWalked) {
    this->fill(5400);
    this->walk_everything(900);
}

TYPED_TEST(StoreKeyset, ObjectAtThePlaceMayBeGone) {
    this->fill(30);
    for (const auto& order : this->orders()) {
        const auto last = this->create(this->new_user("gone", R"(,"title":"t3","level":0)"));
        Query query;
        query.type = this->user();
        query.sort = order;
        query.limit = 1000;
        query.keyset.emplace();
        const auto all = this->query(query);
        const auto numbers = this->oids(all);
        const auto at = static_cast<std::size_t>(
            std::find(numbers.begin(), numbers.end(), last) - numbers.begin()
        );
        ASSERT_LT(at, numbers.size());
        this->must_write([&](Transaction& t) { return t.remove(last); });
        query.keyset->from = all.positions[at];
        EXPECT_EQ(
            this->oids(this->query(query)),
            std::vector<Oid>(numbers.begin() + static_cast<std::ptrdiff_t>(at) + 1, numbers.end())
        );
    }
}

TYPED_TEST(StoreKeyset, UnwantedTotalIsNotCounted) {
    this->fill(30);
    Query query;
    query.type = this->user();
    query.filter = this->where("nickName", Operator::eq, std::string("even"));
    query.limit = 2;
    query.keyset.emplace();
    query.wants_total = false;
    query.check_limit = 6;  // enough for one page, not for all
    EXPECT_EQ(this->query(query).objects.size(), 2U);
}

TYPED_TEST(StoreKeyset, BeyondTheCheckLimitTheQueryFails) {
    this->fill(30);
    Query query;
    query.type = this->user();
    query.filter = this->where("nickName", Operator::eq, std::string("even"));
    query.check_limit = 29;
    for (const bool by_key : {false, true}) {
        if (by_key) {
            query.keyset.emplace();
        }
        const auto status = this->store->read([&](Reader& reader) -> Status {
            return reader.query(query).map([](const QueryResult&) {});
        });
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, "too_many");
    }
    query.check_limit = 30;
    EXPECT_EQ(this->query(query).total, 15U);
}

TYPED_TEST(StoreKeyset, SnapshotShowsWhatWasThereWhenItWasOpened) {
    this->fill(10);
    auto snapshot = this->store->open_snapshot();
    ASSERT_TRUE(snapshot);
    this->create(this->new_user("later"));
    EXPECT_EQ((*snapshot)->reader().count(this->user()).value(), 10U);
    snapshot->reset();
    EXPECT_EQ(
        this->template read<std::uint64_t>([&](Reader& r) { return r.count(this->user()); }), 11U
    );
}

TYPED_TEST(StoreKeyset, OpenSnapshotsAreBounded) {
    std::vector<std::unique_ptr<Snapshot>> open;
    for (;;) {
        auto snapshot = this->store->open_snapshot();
        if (!snapshot) {
            EXPECT_EQ(snapshot.error().code, "too_many_snapshots");
            break;
        }
        open.push_back(*std::move(snapshot));
        ASSERT_LT(open.size(), 1000U);
    }
    open.pop_back();
    EXPECT_TRUE(this->store->open_snapshot());
}

}  // namespace
}  // namespace bascule::test

#include <sqlite3.h>

#include <algorithm>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;

/// More objects than two blocks of numbers hold, with gaps of every kind.
template <class Factory>
class StoreFarPages : public StoreContract<Factory> {
  protected:
    static constexpr std::size_t made = 10'500;

    void SetUp() override {
        this->must_write([&](Transaction& t) -> Status {
            for (std::size_t n = 0; n < made; ++n) {
                BASCULE_TRY(const auto oid, t.create(this->new_user("u" + std::to_string(n))));
                oids_.push_back(oid);
            }
            return {};
        });
        this->must_write([&](Transaction& t) { return make_gaps(t); });
    }

    Status make_gaps(Transaction& t) {
        for (std::size_t n = 3; n < made; n += 11) {
            BASCULE_CHECK(t.remove(oids_[n]));
        }
        for (std::size_t n = 3; n < made; n += 110) {
            BASCULE_CHECK(t.restore(oids_[n]));
        }
        for (std::size_t n = 0; n < made; n += 550) {
            BASCULE_CHECK(t.convert(
                oids_[n], this->group(), SourceId::local, R"({"displayName":"g"})", "", "g"
            ));
        }
        return {};
    }

    Query page(std::uint64_t offset, std::uint64_t limit) {
        Query query;
        query.type = this->user();
        query.offset = offset;
        query.limit = limit;
        return query;
    }

    /// Compares far pages with the same stretch of the whole list.
    void expect_exact(const std::function<QueryResult(const Query&)>& ask) {
        const auto all = this->names(ask(page(0, made * 2)));
        ASSERT_GT(all.size(), 9'000U);
        for (const std::uint64_t offset : {8'191U, 8'192U, 8'193U, 8'800U, 9'250U}) {
            const auto result = ask(page(offset, 20));
            EXPECT_EQ(result.total, all.size());
            const auto first = all.begin() + static_cast<std::ptrdiff_t>(offset);
            EXPECT_EQ(this->names(result), std::vector<std::string>(first, first + 20)) << offset;
        }
        const auto last = ask(page(all.size() - 1, 20));
        EXPECT_EQ(this->names(last), std::vector<std::string>{all.back()});
        EXPECT_EQ(last.total, all.size());
        const auto beyond = ask(page(all.size() + 5'000, 20));
        EXPECT_TRUE(beyond.objects.empty());
        EXPECT_EQ(beyond.total, all.size());
    }

    void expect_exact() {
        expect_exact([this](const Query& query) { return this->query(query); });
    }

    std::vector<Oid> oids_;
};
TYPED_TEST_SUITE(StoreFarPages, Adapters);

TYPED_TEST(StoreFarPages, AreExactAmongGaps) {
    this->expect_exact();
}

TYPED_TEST(StoreFarPages, SeeTheWritesOfTheirOwnTransaction) {
    this->must_write([&](Transaction& t) -> Status {
        for (std::size_t n = 1; n < this->made; n += 110) {
            BASCULE_CHECK(t.remove(this->oids_[n]));
        }
        this->expect_exact([&](const Query& query) {
            auto result = t.query(query);
            EXPECT_TRUE(result);
            return result ? *std::move(result) : QueryResult{};
        });
        return {};
    });
    this->expect_exact();
}

TYPED_TEST(StoreFarPages, ForgetWhatWasRolledBack) {
    const auto status = this->write([&](Transaction& t) -> Status {
        BASCULE_CHECK(t.remove(this->oids_[1]));
        return fail(ErrorKind::conflict, "changed_my_mind", "No.");
    });
    EXPECT_FALSE(status);
    this->expect_exact();
}

TYPED_TEST(StoreFarPages, AreExactInAStoreOfTheFirstSchema) {
    this->store.reset();
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(this->factory.path().c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(
        sqlite3_exec(
            raw,
            "DELETE FROM counter WHERE name GLOB 'block:*'; DROP INDEX object_created;"
            "DROP INDEX object_modified; DROP TABLE value_block; DROP TABLE edge_count; PRAGMA user_version=1",
            nullptr, nullptr, nullptr
        ),
        SQLITE_OK
    );
    sqlite3_close(raw);
    this->store = this->factory.open();
    this->expect_exact();
}

}  // namespace
}  // namespace bascule::test

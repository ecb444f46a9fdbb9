#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::IsEmpty;

template <class Factory>
class StoreNested : public StoreContract<Factory> {
  protected:
    Status add_user(Transaction& transaction, const std::string& name) {
        return transaction.create(this->new_user(name)).map([](Oid) {});
    }
    std::uint64_t users() {
        return this->template read<std::uint64_t>([&](Reader& r) { return r.count(this->user()); });
    }
};
TYPED_TEST_SUITE(StoreNested, Adapters);

TYPED_TEST(StoreNested, AnErrorUndoesItsOwnWritesOnly) {
    this->must_write([&](Transaction& outer) -> Status {
        BASCULE_CHECK(this->add_user(outer, "before"));
        const Status failed = outer.nested([&](Transaction& inner) -> Status {
            BASCULE_CHECK(this->add_user(inner, "undone"));
            return fail(ErrorKind::conflict, "refused", "refused");
        });
        EXPECT_EQ(failed.error().code, "refused");
        BASCULE_CHECK(outer.nested([&](Transaction& inner) { return this->add_user(inner, "kept"); }
        ));
        return this->add_user(outer, "after");
    });
    EXPECT_THAT(this->by_user_name("before"), ElementsAre("before"));
    EXPECT_THAT(this->by_user_name("undone"), IsEmpty());
    EXPECT_THAT(this->by_user_name("kept"), ElementsAre("kept"));
    EXPECT_THAT(this->by_user_name("after"), ElementsAre("after"));
    EXPECT_EQ(this->users(), 3U);
}

TYPED_TEST(StoreNested, ItIsLostWithTheOuterTransaction) {
    const Status failed = this->write([&](Transaction& outer) -> Status {
        BASCULE_CHECK(outer.nested([&](Transaction& inner) { return this->add_user(inner, "ada"); })
        );
        return fail(ErrorKind::conflict, "refused", "refused");
    });
    EXPECT_FALSE(failed);
    EXPECT_THAT(this->by_user_name("ada"), IsEmpty());
    EXPECT_EQ(this->users(), 0U);
}

TYPED_TEST(StoreNested, EachGivesItsOwnVersionAndSeesWhatWentBefore) {
    const Oid oid = this->create(this->new_user("ada"));
    this->must_write([&](Transaction& outer) -> Status {
        for (const char* title : {"one", "two"}) {
            BASCULE_CHECK(outer.nested([&](Transaction& inner) -> Status {
                return inner
                    .update(
                        oid, this->user_body("ada", std::string(R"(,"title":")") + title + R"(")"),
                        "", "ada"
                    )
                    .map([](bool) {});
            }));
        }
        BASCULE_TRY(const auto row, outer.find_row(oid));
        EXPECT_EQ(row->version, 3U);
        return {};
    });
    EXPECT_EQ(this->row(oid).version, 3U);
}

TYPED_TEST(StoreNested, AValueOfAnUndoneObjectIsFreeAgain) {
    this->must_write([&](Transaction& outer) -> Status {
        const Status failed = outer.nested([&](Transaction& inner) -> Status {
            BASCULE_CHECK(this->add_user(inner, "ada"));
            return this->add_user(inner, "ADA");
        });
        EXPECT_EQ(failed.error().code, "uniqueness");
        return outer.nested([&](Transaction& inner) { return this->add_user(inner, "ada"); });
    });
    EXPECT_EQ(this->users(), 1U);
}

TYPED_TEST(StoreNested, JournalRecordsFollowTheirTransaction) {
    const auto record = [](const char* activity) {
        JournalRecord made;
        made.activity = activity;
        return made;
    };
    this->must_write([&](Transaction& outer) -> Status {
        BASCULE_CHECK(outer.nested([&](Transaction& t) { return t.append(record("first")); }));
        const Status failed = outer.nested([&](Transaction& t) -> Status {
            BASCULE_CHECK(t.append(record("undone")));
            return fail(ErrorKind::conflict, "refused", "refused");
        });
        EXPECT_FALSE(failed);
        return outer.append(record("last"));
    });
    const auto records =
        this->template read<std::vector<JournalRecord>>([](Reader& r) { return r.journal({}); });
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].activity, "first");
    EXPECT_EQ(records[1].activity, "last");
    EXPECT_LT(records[0].sequence, records[1].sequence);
}

}  // namespace
}  // namespace bascule::test

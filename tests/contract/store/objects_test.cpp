#include <gmock/gmock.h>

#include <thread>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::IsEmpty;

template <class Factory>
class StoreObjects : public StoreContract<Factory> {};
TYPED_TEST_SUITE(StoreObjects, Adapters);

TYPED_TEST(StoreObjects, CreatedObjectIsFoundByIdRowAndTerm) {
    auto object = this->new_user("Ada");
    const auto oid = this->create(object);
    const auto found =
        this->template read<std::optional<Object>>([&](Reader& r) { return r.find(object.id); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->body, object.body);
    EXPECT_EQ(found->row.oid, oid);
    EXPECT_EQ(found->row.version, 1U);
    EXPECT_EQ(found->row.created, this->factory.clock.now());
    EXPECT_THAT(this->by_user_name("ADA"), ElementsAre("Ada"));
    const auto by_term = this->template read<std::vector<Object>>([&](Reader& r) {
        return r.find_by_term(
            *this->factory.registry.find_attribute(this->user(), {"", "userName", ""}), "aDa", 5
        );
    });
    ASSERT_EQ(by_term.size(), 1U);
    EXPECT_EQ(by_term[0].row.oid, oid);
}

TYPED_TEST(StoreObjects, SecondObjectWithTheSameUniqueValueIsRefused) {
    this->create(this->new_user("ada"));
    const auto status = this->write([&](Transaction& t) -> Status {
        BASCULE_TRY(const auto oid, t.create(this->new_user("ADA")));
        static_cast<void>(oid);
        return {};
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::conflict);
    EXPECT_EQ(status.error().code, "uniqueness");
    EXPECT_EQ(status.error().field, "userName");
}

TYPED_TEST(StoreObjects, LongUniqueValuesThatDifferBehindTheCutAreDistinct) {
    const std::string start(300, 'x');
    this->create(this->new_user(start + "1"));
    this->create(this->new_user(start + "2"));
    EXPECT_EQ(this->by_user_name(start + "1").size(), 1U);
    const auto again = this->write([&](Transaction& t) -> Status {
        auto made = t.create(this->new_user(start + "1"));
        return made ? Status{} : fail(made.error());
    });
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "uniqueness");
}

TYPED_TEST(StoreObjects, IdOfADeletedObjectStaysInUse) {
    auto object = this->new_user("ada");
    const auto oid = this->create(object);
    this->must_write([&](Transaction& t) { return t.remove(oid); });
    const auto status = this->write([&](Transaction& t) -> Status {
        auto made = t.create(object);
        return made ? Status{} : fail(made.error());
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "id_in_use");
}

TYPED_TEST(StoreObjects, UpdateMovesTermsVersionAndTime) {
    const auto oid = this->create(this->new_user("ada"));
    this->factory.clock.advance(std::chrono::seconds(5));
    this->must_write([&](Transaction& t) -> Status {
        auto changed = t.update(oid, this->user_body("grace"), "{}", "Grace");
        EXPECT_TRUE(changed.value_or(false));
        return {};
    });
    EXPECT_THAT(this->by_user_name("ada"), IsEmpty());
    EXPECT_THAT(this->by_user_name("grace"), ElementsAre("Grace"));
    EXPECT_EQ(this->row(oid).version, 2U);
    EXPECT_EQ(this->row(oid).modified, this->factory.clock.now());
    this->must_write([&](Transaction& t) -> Status {
        auto changed = t.update(oid, this->user_body("grace"), "{}", "Grace");
        EXPECT_FALSE(changed.value_or(true));
        return {};
    });
    EXPECT_EQ(this->row(oid).version, 2U);
}

TYPED_TEST(StoreObjects, UpdateOfAMissingObjectIsNotFound) {
    const auto status = this->write([&](Transaction& t) -> Status {
        auto changed = t.update(Oid{999}, "{}", "", "");
        return changed ? Status{} : fail(changed.error());
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::not_found);
}

TYPED_TEST(StoreObjects, CountFollowsCreateRemoveRestoreAndConvert) {
    const auto count = [&](TypeId type) {
        return this->template read<std::uint64_t>([&](Reader& r) { return r.count(type); });
    };
    const auto oid = this->create(this->new_user("ada"));
    EXPECT_EQ(count(this->user()), 1U);
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_CHECK(t.remove(oid));
        EXPECT_EQ(t.count(this->user()).value_or(9), 0U);
        return {};
    });
    EXPECT_EQ(count(this->user()), 0U);
    this->must_write([&](Transaction& t) { return t.restore(oid); });
    EXPECT_EQ(count(this->user()), 1U);
    const auto unmapped = this->factory.registry.type("Unmapped");
    this->must_write([&](Transaction& t) {
        return t.convert(oid, unmapped, SourceId::local, "{}", "", "ada");
    });
    EXPECT_EQ(count(this->user()), 0U);
    EXPECT_EQ(count(unmapped), 1U);
    EXPECT_THAT(this->by_user_name("ada"), IsEmpty());
}

TYPED_TEST(StoreObjects, RemovedObjectIsSeenByFindAnyOnlyAndFreesItsName) {
    auto object = this->new_user("ada");
    const auto oid = this->create(object);
    this->must_write([&](Transaction& t) { return t.remove(oid); });
    EXPECT_FALSE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find(object.id);
    }));
    const auto any = this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find_any(object.id);
    });
    ASSERT_TRUE(any);
    EXPECT_TRUE(any->row.deleted.has_value());
    EXPECT_THAT(this->by_user_name("ada"), IsEmpty());
    this->create(this->new_user("ada"));
    const auto status = this->write([&](Transaction& t) { return t.restore(oid); });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "uniqueness");
}

TYPED_TEST(StoreObjects, PurgeTakesWhatWasRemovedBeforeTheHorizon) {
    auto old = this->new_user("old");
    auto young = this->new_user("young");
    const auto old_oid = this->create(old);
    const auto young_oid = this->create(young);
    this->must_write([&](Transaction& t) { return t.remove(old_oid); });
    this->factory.clock.advance(std::chrono::hours(1));
    const auto horizon = this->factory.clock.now();
    this->must_write([&](Transaction& t) { return t.remove(young_oid); });
    this->must_write([&](Transaction& t) -> Status {
        EXPECT_EQ(t.purge(horizon, 10).value_or(9), 1U);
        return {};
    });
    EXPECT_FALSE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find_any(old.id);
    }));
    EXPECT_TRUE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find_any(young.id);
    }));
}

TYPED_TEST(StoreObjects, FailedWriteLeavesNothing) {
    auto object = this->new_user("ada");
    const auto status = this->write([&](Transaction& t) -> Status {
        BASCULE_TRY(const auto oid, t.create(object));
        static_cast<void>(oid);
        return fail(ErrorKind::forbidden, "changed_my_mind", "No.");
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "changed_my_mind");
    EXPECT_FALSE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find_any(object.id);
    }));
    EXPECT_EQ(
        this->template read<std::uint64_t>([&](Reader& r) { return r.count(this->user()); }), 0U
    );
}

TYPED_TEST(StoreObjects, ExceptionInAWriteIsAnErrorAndRollsBack) {
    const auto status = this->write([&](Transaction& t) -> Status {
        EXPECT_TRUE(t.create(this->new_user("ada")).has_value());
        throw std::runtime_error("boom");
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::internal);
    EXPECT_THAT(this->by_user_name("ada"), IsEmpty());
}

TYPED_TEST(StoreObjects, WriteInsideAWriteIsRefused) {
    Status inner;
    this->must_write([&](Transaction&) -> Status {
        inner = this->write([](Transaction&) -> Status { return {}; });
        return {};
    });
    ASSERT_FALSE(inner);
    EXPECT_EQ(inner.error().code, "nested_write");
}

TYPED_TEST(StoreObjects, TransactionSeesItsOwnWrites) {
    this->must_write([&](Transaction& t) -> Status {
        auto object = this->new_user("ada");
        BASCULE_TRY(const auto oid, t.create(object));
        BASCULE_TRY(const auto found, t.find(oid));
        EXPECT_TRUE(found.has_value());
        Query query;
        query.type = this->user();
        query.filter = this->where("userName", Operator::eq, std::string("ada"));
        BASCULE_TRY(const auto result, t.query(query));
        EXPECT_EQ(result.total, 1U);
        EXPECT_EQ(t.count(this->user()).value_or(0), 1U);
        return {};
    });
}

TYPED_TEST(StoreObjects, EverythingIsThereAfterReopening) {
    auto object = this->new_user("ada");
    this->create(object);
    this->store.reset();
    this->store = this->factory.open();
    EXPECT_TRUE(this->template read<std::optional<Object>>([&](Reader& r) {
        return r.find(object.id);
    }));
    EXPECT_THAT(this->by_user_name("ada"), ElementsAre("ada"));
    this->create(this->new_user("grace"));
    EXPECT_EQ(
        this->template read<std::uint64_t>([&](Reader& r) { return r.count(this->user()); }), 2U
    );
}

TYPED_TEST(StoreObjects, ReadSeesOneSnapshot) {
    const auto oid = this->create(this->new_user("ada"));
    const auto status = this->store->read([&](Reader& r) -> Status {
        BASCULE_TRY(const auto before, r.find(oid));
        std::thread other([&] {
            this->must_write([&](Transaction& t) -> Status {
                return t.update(oid, this->user_body("grace"), "", "grace")
                           ? Status{}
                           : fail(ErrorKind::internal, "x", "x");
            });
        });
        other.join();
        BASCULE_TRY(const auto after, r.find(oid));
        EXPECT_EQ(before->body, after->body);
        return {};
    });
    EXPECT_TRUE(status.has_value());
    EXPECT_EQ(this->row(oid).display, "grace");
}

}  // namespace
}  // namespace bascule::test

#include "daemon/housekeeping.hpp"

#include <gtest/gtest.h>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::daemon {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

/// A company whose clock the test sets, with housekeeping that looks at that clock all the time.
struct Housekept : testing::Test {
    test::Company company;
    Metrics metrics;
    std::optional<Housekeeping> housekeeping;
    milliseconds retain_deleted = hours{48};
    milliseconds retain_journal = hours{72};

    void start() {
        const auto plan = [this] {
            return Housekeeping::Plan{
                retain_deleted, retain_journal,
                std::shared_ptr<selfservice::SessionService>(
                    std::shared_ptr<void>(), &*company.sessions
                )};
        };
        housekeeping.emplace(
            company.store(), company.clock, metrics, plan,
            Housekeeping::Timing{minutes{1}, hours{1}, milliseconds{1}}
        );
    }
    [[nodiscard]] bool shows(const std::string& line) {
        return metrics.text().find(line) != std::string::npos;
    }
    void wait_for_runs(int count) {
        const std::string line = "bascule_housekeeping_runs_total{outcome=\"success\"} ";
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!shows(line + std::to_string(count)) && std::chrono::steady_clock::now() < end) {
            std::this_thread::yield();
        }
        ASSERT_TRUE(shows(line + std::to_string(count))) << metrics.text();
    }
    void remove(const Uuid& id) {
        company.write([&](directory::Transaction& transaction) -> Status {
            BASCULE_TRY(const auto row, transaction.find_row(id));
            return transaction.remove(row->oid);
        });
    }
    bool is_stored(const Uuid& id) {
        bool stored = false;
        test::require(company.store().read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(const auto object, reader.find_any(id));
            stored = object.has_value();
            return {};
        }));
        return stored;
    }
};

TEST_F(Housekept, RunsAMinuteAfterItsStartAndThenEveryHour) {
    start();
    EXPECT_FALSE(shows("bascule_housekeeping_runs_total{"));
    company.clock.advance(std::chrono::seconds{61});
    wait_for_runs(1);
    company.clock.advance(std::chrono::seconds{3601});
    wait_for_runs(2);
}

TEST_F(Housekept, PurgesDeletedObjectsWhenTheirTimeIsOver) {
    const Uuid old = company.add_local_user("old", "password of old");
    const Uuid recent = company.add_local_user("recent", "password of recent");
    const Uuid kept = company.add_local_user("kept", "password of kept");
    remove(old);
    company.clock.advance(hours{47});
    remove(recent);
    start();
    company.clock.advance(hours{2});
    wait_for_runs(1);
    EXPECT_FALSE(is_stored(old));
    EXPECT_TRUE(is_stored(recent));
    EXPECT_TRUE(is_stored(kept));
    EXPECT_TRUE(shows("bascule_housekeeping_removed_total{kind=\"deleted_objects\"} 1"));
}

TEST_F(Housekept, EndsSessionsThatAreOver) {
    const Uuid ann = company.add_local_user("ann", "password of ann");
    test::value_of(company.sign_in("ann", "password of ann"));
    company.clock.advance(hours{1});
    test::value_of(company.sign_in("ann", "password of ann"));
    start();
    company.clock.advance(minutes{2});
    wait_for_runs(1);
    EXPECT_EQ(test::value_of(company.sessions->list(ann)).size(), 1U);
    company.clock.advance(hours{1});
    wait_for_runs(2);
    EXPECT_TRUE(shows("bascule_housekeeping_removed_total{kind=\"sessions\"}"));
    EXPECT_EQ(test::value_of(company.sessions->list(ann)).size(), 0U);
}

TEST_F(Housekept, TrimsTheJournalAndSaysSoOnce) {
    for (int i = 0; i < 1200; ++i) {
        company.write([](directory::Transaction& transaction) {
            directory::JournalRecord record;
            record.activity = "Old";
            return transaction.append(std::move(record));
        });
    }
    company.clock.advance(hours{100});
    company.write([](directory::Transaction& transaction) {
        directory::JournalRecord record;
        record.activity = "New";
        return transaction.append(std::move(record));
    });
    start();
    company.clock.advance(minutes{2});
    wait_for_runs(1);
    EXPECT_EQ(company.journal("Old").size(), 0U);
    EXPECT_EQ(company.journal("New").size(), 1U);
    const auto summaries = company.journal("Trim audit log");
    ASSERT_EQ(summaries.size(), 1U);
    EXPECT_EQ(summaries[0].details.at(0).first, "count");
    EXPECT_EQ(summaries[0].details.at(0).second, "1200");
    EXPECT_EQ(summaries[0].sequence, 1202);
}

TEST_F(Housekept, ForgetsIdempotencyKeysAfterADay) {
    const Uuid mira = company.add_local_user("mira", "password of mira");
    const Uuid leo = company.add_local_user("leo", "password of leo");
    company.assign("Helpdesk Administrator", mira, {});
    test::value_of(company.reset(mira, leo, {}, "key-1"));
    start();
    company.clock.advance(hours{25});
    wait_for_runs(1);
    EXPECT_TRUE(shows("bascule_housekeeping_removed_total{kind=\"idempotency_keys\"} 1"));
    EXPECT_FALSE(test::value_of(company.reset(mira, leo, {}, "key-1")).repeated);
}

}  // namespace
}  // namespace bascule::daemon

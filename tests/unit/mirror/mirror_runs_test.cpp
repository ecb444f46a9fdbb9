// Randomised runs of the mirror engine against a model of a directory, with faults at every
// boundary. BASCULE_MIRROR_RUNS says how many, BASCULE_MIRROR_SEED with which seed they begin,
// BASCULE_MIRROR_TRACE prints what is said.
#include <gtest/gtest.h>

#include "directory/mirror/hold_service.hpp"
#include "tests/unit/mirror/environment.hpp"
#include "tests/unit/mirror/faulty_store.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"
#include "tests/unit/mirror/recorded_provider.hpp"
#include "tests/unit/mirror/run_comparison.hpp"
#include "tests/unit/mirror/traced_sink.hpp"

namespace bascule::mirror {
namespace {

using test::FaultyStore;
using test::MirrorWorld;
using test::RecordedDirectory;
using test::RecordedProvider;
using test::StoreFault;
using test::TracedSink;
using End = RecordedProvider::End;

GuardLimits open_guard() {
    GuardLimits limits;
    limits.delete_percent = limits.emptied_percent = limits.membership_percent =
        limits.attribute_percent = 100.0;
    limits.delete_at_least = 1'000'000;
    return limits;
}

/// So strict that a run holds something sooner or later.
GuardLimits strict_guard() {
    GuardLimits limits;
    limits.delete_at_least = 2;
    limits.membership_at_least = 2;
    limits.attribute_at_least = 1;
    limits.attribute_live_at_least = 2;
    return limits;
}

class OneRun {
  public:
    explicit OneRun(unsigned seed)
        : guarded_(seed % 4 == 0),
          world_(guarded_ ? strict_guard() : open_guard(), {}, test::quick_folder()),
          faults_(*world_.store),
          directory_(seed),
          provider_(directory_, seed + 1),
          removals_(world_, directory_),
          random_(seed + 2) {
        world_.reopen_engine(faults_);
    }

    void go() {
        for (unsigned round = 4 + pick(10); round > 0; --round)
            one_round();
        come_to_rest();
        if (guarded_)
            approve_what_is_held();
        test::RunComparison(world_, directory_, test::References::as_known).run();
        directory_.touch_referring();
        come_to_rest();
        if (guarded_)
            approve_what_is_held();
        test::RunComparison(world_, directory_, test::References::as_written).run();
        expect_nothing_to_write();
    }
    [[nodiscard]] unsigned changes_taken() const { return provider_.changes_taken(); }
    [[nodiscard]] unsigned removals() const { return removals_.checked(); }

  private:
    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }

    void one_round() {
        const auto fault = static_cast<StoreFault>(pick(2) == 0 ? 0 : pick(6));
        faults_.arm(fault, 1 + pick(pick(2) == 0 ? 4 : 40));
        TracedSink::say(fmt::format("-- store fault {}", static_cast<int>(fault)));
        converse(pick(12), true);
        faults_.arm(StoreFault::none, 0);
        world_.clock.time += std::chrono::minutes(static_cast<int>(pick(180)) - 60);
        for (unsigned steps = pick(6); steps > 0; --steps)
            directory_.step();
        // What a server forgets while nobody listens to it cannot be noticed.
        if (start().interrupted && pick(2) == 0) {
            TracedSink::say("crash of the server");
            directory_.crash();
        }
        if (pick(15) == 0)
            expect(world_.engine->reset_cookie("f"));
        if (guarded_ && pick(6) == 0)
            approve_what_is_held();
    }

    /// A run of the feed and what the runner does at its end.
    void converse(unsigned live_steps, bool with_faults) {
        TracedSink sink(*world_.engine);
        removals_.begin();
        const End end = provider_.converse(sink, start(), live_steps, with_faults);
        TracedSink::say(fmt::format("ended {}", static_cast<int>(end)));
        if (with_faults && (faults_.died() || (end != End::whole && pick(3) == 0))) {
            TracedSink::say("killed");
            pick(2) == 0 ? world_.reopen_engine(faults_) : world_.reopen_store(faults_);
        } else {
            const bool stopped = end == End::whole && (!with_faults || pick(2) == 0);
            const Status closed = world_.engine->close_run(stopped);
            if (faults_.died())
                world_.reopen_store(faults_);
            else
                expect(closed);
            if (end == End::rejected)
                expect(world_.engine->reset_cookie("f"));
            if (with_faults && pick(4) == 0)
                world_.reopen_engine(faults_);
        }
        removals_.check();
    }

    void come_to_rest() {
        TracedSink::say("-- rest");
        converse(0, false);
    }

    directory::FeedStart start() const {
        return {world_.engine->state().cookie, world_.engine->interrupted()};
    }

    /// An injected fault is the only one that may show.
    void expect(const Status& status) {
        if (!status && status.error().code != FaultyStore::code)
            MirrorWorld::check(status);
        if (faults_.died())
            world_.reopen_store(faults_);
    }

    void approve_what_is_held() {
        HoldService holds(*world_.store);
        const auto list = holds.list();
        ASSERT_TRUE(list);
        test::RunComparison(world_, directory_, test::References::as_known)
            .expect_held_are_served();
        for (const auto& held : *list) {
            TracedSink::say("approve " + world_.held().to_json());
            removals_.approve(world_.held());
            MirrorWorld::check(holds.approve(
                "corp", held.hash, *world_.mapper, {directory::ActorKind::operator_, {}, "operator"}
            ));
        }
        removals_.check();
    }

    void expect_nothing_to_write() {
        const auto before = world_.journal().size();
        TracedSink sink(*world_.engine);
        MirrorWorld::check(world_.engine->reset_cookie("f"));
        ASSERT_EQ(provider_.converse(sink, start(), 0, false), End::whole);
        MirrorWorld::check(world_.engine->close_run(true));
        const auto journal = world_.journal();
        for (std::size_t index = before; index < journal.size(); ++index) {
            if (journal[index].activity == "Quarantine entry")
                continue;  // who holds the value may stand elsewhere by now
            ADD_FAILURE() << "a second look wrote: " << journal[index].activity << " "
                          << journal[index].target_display << " "
                          << (journal[index].details.empty() ? "" : journal[index].details[0].second
                             );
        }
    }

    bool guarded_;
    MirrorWorld world_;
    FaultyStore faults_;
    RecordedDirectory directory_;
    RecordedProvider provider_;
    test::RemovalCheck removals_;
    std::mt19937 random_;
};

TEST(MirrorRuns, MirrorEqualsDirectoryWhateverBreaks) {
    const unsigned count = test::number_in_environment("BASCULE_MIRROR_RUNS", 200);
    const unsigned first = test::number_in_environment("BASCULE_MIRROR_SEED", 1);
    const auto failures = [] {
        return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    };
    unsigned failed = 0;
    unsigned changes_taken = 0;
    unsigned removals = 0;
    for (unsigned seed = first; seed < first + count && failed < 5; ++seed) {
        const int before = failures();
        SCOPED_TRACE(fmt::format("BASCULE_MIRROR_SEED={} BASCULE_MIRROR_RUNS=1", seed));
        try {
            OneRun run(seed);
            run.go();
            changes_taken += run.changes_taken();
            removals += run.removals();
        } catch (const std::exception& exception) {
            ADD_FAILURE() << exception.what();
        }
        failed += failures() > before ? 1 : 0;
    }
    EXPECT_TRUE(count == 1 || changes_taken > count / 2) << "too few changes of members were told";
    EXPECT_TRUE(count == 1 || removals > count) << "too little was removed";
}

}  // namespace
}  // namespace bascule::mirror

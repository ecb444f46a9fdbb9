#include <gtest/gtest.h>

#include <cstdlib>

#include "directory/base/json_text.hpp"
#include "directory/mirror/document.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"
#include "tests/unit/mirror/recorded_source.hpp"
#include "tests/unit/mirror/traced_sink.hpp"

namespace bascule::mirror {
namespace {

using directory::EdgeKind;
using directory::EntryState;
using test::MirrorWorld;
using test::RecordedSource;
using test::TracedSink;

GuardLimits open_guard() {
    GuardLimits limits;
    limits.delete_percent = limits.emptied_percent = limits.membership_percent =
        limits.attribute_percent = 100.0;
    limits.delete_at_least = 1'000'000;
    return limits;
}

/// Compares every entry, document and edge of the mirror with the directory.
class Comparison {
  public:
    Comparison(MirrorWorld& world, const RecordedSource& source) : world_(world), source_(source) {}

    void run() {
        for (const auto& [id, node] : source_.nodes())
            compare(id, node);
        world_.read([&](directory::Reader& reader) {
            const auto state = *reader.source_state("corp");
            EXPECT_TRUE(reader.each_entry(
                state->id,
                [&](directory::Oid, const Uuid& anchor, EntryState) -> Status {
                    EXPECT_TRUE(source_.nodes().contains(anchor)) << "ghost " << anchor.to_string();
                    return {};
                }
            ));
            EXPECT_EQ(state->held_plan, "");
            return 0;
        });
    }

  private:
    void compare(const Uuid& id, const RecordedSource::Node& node) {
        const auto entry = source_.entry_of(id);
        const auto mapped = world_.mapper->map(entry);
        const auto stored = world_.entry(id);
        ASSERT_TRUE(stored) << entry.dn << " is missing";
        EXPECT_EQ(stored->dn_key, entry.dn_key) << entry.dn;
        EXPECT_EQ(stored->dn, entry.dn);
        if (mapped.state != EntryState::mirrored) {
            EXPECT_EQ(stored->state, mapped.state) << entry.dn << " " << stored->reason;
            EXPECT_FALSE(mapped.state == EntryState::unmatched && world_.served(id)) << entry.dn;
            return;
        }
        if (stored->state == EntryState::quarantined)
            return expect_real_duplicate(id, *stored, node.uid);
        ASSERT_EQ(stored->state, EntryState::mirrored) << entry.dn;
        const auto object = world_.object(id);
        ASSERT_TRUE(object) << entry.dn;
        EXPECT_EQ(
            object->body,
            assemble_document(
                test::product_registry(), mapped.type, object_id("corp", id), mapped.attributes, {}
            )
        );
        if (node.kind == "group")
            compare_edges(id, EdgeKind::member, node.members);
        if (node.kind == "user")
            compare_edges(
                id, EdgeKind::manager,
                node.manager ? std::set<Uuid>{*node.manager} : std::set<Uuid>{}
            );
    }

    /// Quarantine is right only while another served entry has the name.
    void expect_real_duplicate(
        const Uuid& id, const directory::MirrorEntry& stored, const std::string& uid
    ) {
        bool held = false;
        for (const auto& [other, node] : source_.nodes()) {
            if (other == id || node.kind != "user" || !world_.served(other))
                continue;
            held = held || json_text_member(world_.object(other)->body, "userName") == uid;
        }
        EXPECT_TRUE(held) << stored.dn << " waits for nothing: " << stored.reason;
    }

    void compare_edges(const Uuid& id, EdgeKind kind, const std::set<Uuid>& references) {
        std::set<Uuid> wanted;
        for (const Uuid& reference : references) {
            const std::string& target = source_.nodes().at(reference).kind;
            const bool fits = kind == EdgeKind::member || target == "user";
            if (world_.served(reference) && fits)
                wanted.insert(object_id("corp", reference));
        }
        EXPECT_EQ(world_.targets(id, kind), wanted) << source_.dn_of(id);
    }

    MirrorWorld& world_;
    const RecordedSource& source_;
};

directory::FeedStart start_of(const MirrorWorld& world) {
    return {world.engine->state().cookie, world.engine->interrupted()};
}

/// How many changes of members alone were told so over all runs.
unsigned changes_taken = 0;

void run_model(unsigned seed) {
    SCOPED_TRACE(seed);
    MirrorWorld world(open_guard());
    RecordedSource source(seed);
    std::mt19937 numbers(seed + 1);
    const auto random = [&] { return static_cast<unsigned>(numbers()); };
    for (int round = 0; round < 12; ++round) {
        TracedSink sink(*world.engine);
        const bool whole = source.converse(sink, start_of(world), random() % 12, true);
        if (whole || random() % 2 == 0) {
            const bool stopped = whole && random() % 2 == 0;
            TracedSink::say(stopped ? "stop" : "break off");
            MirrorWorld::check(world.engine->close_run(stopped));
        }
        if (random() % 3 == 0) {
            TracedSink::say("reopen");
            world.reopen_engine();
        }
        for (unsigned steps = random() % 6; steps > 0; --steps)
            source.step();
        // What a server forgets while nobody listens to it cannot be noticed.
        if (start_of(world).interrupted && random() % 2 == 0) {
            TracedSink::say("crash");
            source.crash();
        }
        if (random() % 15 == 0)
            MirrorWorld::check(world.engine->reset_cookie("f", "m"));
    }
    TracedSink sink(*world.engine);
    ASSERT_TRUE(source.converse(sink, start_of(world), 10, false));
    MirrorWorld::check(world.engine->close_run(true));
    Comparison(world, source).run();
    changes_taken += source.changes_taken;
}

TEST(MirrorModel, MirrorEqualsDirectoryWhateverIsInterrupted) {
    const char* runs = std::getenv("BASCULE_MODEL_RUNS");
    const unsigned count = runs != nullptr ? static_cast<unsigned>(std::atoi(runs)) : 120;
    const char* first = std::getenv("BASCULE_MODEL_SEED");
    const unsigned from = first != nullptr ? static_cast<unsigned>(std::atoi(first)) : 1;
    for (unsigned seed = from; seed < from + count && !testing::Test::HasFailure(); ++seed)
        run_model(seed);
    EXPECT_GT(changes_taken, count);
}

}  // namespace
}  // namespace bascule::mirror

#include "tests/unit/mirror/run_comparison.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/mirror/document.hpp"

namespace bascule::test {

using directory::EdgeKind;
using directory::EntryState;

void RunComparison::run() {
    for (const Uuid& id : directory_.inside())
        compare(id);
    world_.read([&](directory::Reader& reader) {
        const auto state = *reader.source_state("corp");
        EXPECT_TRUE(reader.each_entry(
            state->id,
            [&](directory::Oid, const Uuid& anchor, EntryState) -> Status {
                EXPECT_TRUE(directory_.is_inside(anchor)) << "ghost " << anchor.to_string();
                return {};
            }
        ));
        EXPECT_EQ(state->held_plan, "");
        return 0;
    });
}

void RunComparison::expect_held_are_served() {
    for (const Uuid& anchor : held_.deletes)
        EXPECT_TRUE(world_.entry(anchor)) << "held, and gone: " << anchor.to_string();
    // A duplicate among these may have given its value to who needs it, and is served no more.
    for (const Uuid& anchor : held_.unmatched)
        EXPECT_TRUE(world_.entry(anchor)) << "held, and gone: " << anchor.to_string();
}

void RunComparison::compare(const Uuid& id) {
    const auto entry = directory_.entry_of(id);
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
        return expect_real_duplicate(id, *stored, directory_.node(id).uid);
    ASSERT_EQ(stored->state, EntryState::mirrored) << entry.dn;
    const auto object = world_.object(id);
    ASSERT_TRUE(object) << entry.dn;
    EXPECT_EQ(
        object->body,
        mirror::assemble_document(
            product_registry(), mapped.type, mirror::object_id("corp", id), mapped.attributes, {}
        )
    );
    if (directory_.node(id).kind == "group")
        compare_edges(id, EdgeKind::member, directory_.node(id).members);
    if (directory_.node(id).kind == "user")
        compare_edges(id, EdgeKind::manager, directory_.node(id).manager);
}

/// Quarantine is right only while another served entry has the name.
void RunComparison::expect_real_duplicate(
    const Uuid& id, const directory::MirrorEntry& stored, const std::string& uid
) {
    bool held = false;
    for (const Uuid& other : directory_.inside()) {
        const auto& node = directory_.node(other);
        // One that lost its name, and cannot be mapped, keeps what it had.
        if (other == id || node.kind != "user" || !world_.served(other) ||
            (node.uid != uid && !node.uid.empty()))
            continue;
        held = held || json_text_member(world_.object(other)->body, "userName") == uid;
    }
    EXPECT_TRUE(held) << stored.dn << " waits for nothing: " << stored.reason;
}

std::optional<Uuid> RunComparison::target(EdgeKind kind, std::optional<Uuid> id) {
    if (!id || !directory_.is_inside(*id) || !world_.served(*id))
        return std::nullopt;
    const std::string& kind_of_target = directory_.node(*id).kind;
    if (kind == EdgeKind::manager && kind_of_target != "user")
        return std::nullopt;
    return mirror::object_id("corp", *id);
}

void RunComparison::compare_edges(
    const Uuid& id, EdgeKind kind, const RecordedDirectory::References& references
) {
    std::set<Uuid> wanted;
    std::set<Uuid> possible;
    for (const auto& [meant, dn] : references) {
        const auto known = target(kind, meant);
        if (!dn.empty()) {
            if (references_ == References::as_written) {
                if (const auto there = target(kind, directory_.at(dn)))
                    wanted.insert(*there);
                continue;
            }
            if (known)
                possible.insert(*known);
            for (const Uuid& id_there : directory_.been_at(dn)) {
                if (const auto there = target(kind, id_there))
                    possible.insert(*there);
            }
        } else if (known) {
            // The server repaired the reference to who was away without a word.
            const bool sure =
                references_ == References::as_written || !directory_.node(meant).was_outside;
            (sure ? wanted : possible).insert(*known);
        }
    }
    for (const Uuid& found : world_.targets(id, kind)) {
        const bool right = wanted.erase(found) != 0 || possible.contains(found);
        EXPECT_TRUE(right) << directory_.dn_of(id) << " has a reference to "
                           << MirrorWorld::anchor_of(found).to_string();
    }
    for (const Uuid& missing : wanted) {
        ADD_FAILURE() << directory_.dn_of(id) << " misses the reference to "
                      << MirrorWorld::anchor_of(missing).to_string();
    }
}

void RemovalCheck::begin() {
    const std::string& cookie = world_.engine->state().cookie;
    if (!cookie.empty())
        known_ = std::max<std::uint64_t>(known_, std::stoull(cookie));
}

void RemovalCheck::approve(const mirror::HeldPlan& plan) {
    approved_.insert(plan.deletes.begin(), plan.deletes.end());
    approved_.insert(plan.unmatched.begin(), plan.unmatched.end());
}

void RemovalCheck::check() {
    directory::JournalQuery query;
    query.after = sequence_;
    query.limit = 100'000;
    const auto records =
        world_.read([&](directory::Reader& reader) { return *reader.journal(query); });
    for (const auto& record : records) {
        sequence_ = record.sequence;
        // Who only gives a value to its owner is no removal of an entry, and comes back.
        const bool yields =
            std::any_of(record.details.begin(), record.details.end(), [](const auto& detail) {
                return detail.second.find("was given to another") != std::string::npos;
            });
        if (yields || !record.activity.starts_with("Delete "))
            continue;
        ++checked_;
        const Uuid anchor = world_.anchor_of(*record.target);
        const auto absence = directory_.absence(anchor);
        EXPECT_LE(++removals_[anchor], absence.times)
            << "removed too often: " << anchor.to_string();
        const bool unknown = absence.last > known_ || absence.last <= directory_.forgotten();
        const bool right = !directory_.is_servable(anchor) || approved_.contains(anchor) ||
                           (absence.times > 0 && unknown);
        EXPECT_TRUE(right) << "a false delete of " << anchor.to_string();
    }
}

}  // namespace bascule::test

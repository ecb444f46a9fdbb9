#include "tests/unit/mirror/recorded_provider.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "tests/unit/mirror/faulty_store.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::test {

using directory::AbsenceProof;

RecordedProvider::End RecordedProvider::converse(
    directory::FeedSink& sink, const directory::FeedStart& start, unsigned live_steps, bool faults
) {
    faults_ = faults;
    try {
        refresh(sink, start);
        for (unsigned index = 0; index < live_steps; ++index) {
            directory_.step();
            if (!once_in(5))
                tell_changes(sink);
            if (once_in(3))
                say(sink.idle());
        }
        tell_changes(sink);
        say(sink.idle());
    } catch (const Ended& ended) {
        directory_.take_changes();
        return ended.end;
    }
    return End::whole;
}

unsigned RecordedProvider::pick(std::size_t below) {
    return static_cast<unsigned>(std::uniform_int_distribution<std::size_t>(0, below - 1)(random_));
}

void RecordedProvider::expect(const Status& status) {
    if (!status && status.error().code == FaultyStore::code)
        throw Ended{End::refused};
    if (!status)
        throw std::runtime_error(status.error().code + ": " + status.error().detail);
}

/// After every message the connection may be lost.
void RecordedProvider::say(const Status& status) {
    expect(status);
    if (interlude_)
        expect(interlude_());
    if (faults_ && once_in(50))
        throw Ended{End::broken};
}

void RecordedProvider::refresh(directory::FeedSink& sink, const directory::FeedStart& start) {
    if (faults_ && once_in(12))
        throw Ended{End::broken};  // no server, no credentials, or a server that is behind
    const bool from_cookie = !start.cookie.empty();
    const std::uint64_t since = from_cookie ? std::stoull(start.cookie) : 0;
    constexpr Mode modes[] = {Mode::log, Mode::log, Mode::present, Mode::again};
    const Mode mode = from_cookie ? modes[pick(4)] : Mode::snapshot;
    directory_.take_changes();
    const std::uint64_t begin = directory_.csn();
    say(sink.refresh_started(from_cookie));
    if (from_cookie && faults_ && once_in(10))
        throw Ended{End::rejected};
    if (mode == Mode::log)
        tell_left(sink, since);
    tell_entries(sink, since, mode);
    AbsenceProof proof = mode == Mode::snapshot ? AbsenceProof::snapshot
                         : mode == Mode::log    ? AbsenceProof::none
                                                : AbsenceProof::present_phase;
    // The client searches for what the log may have forgotten; not everything may be visible to it.
    if (mode == Mode::log && start.interrupted) {
        tell_present(sink, directory_.inside());
        proof = faults_ && once_in(8) ? AbsenceProof::none : AbsenceProof::present_phase;
    }
    if (from_cookie && faults_ && once_in(20))
        throw Ended{End::rejected};  // a change log that turns out to be too short
    say(sink.refresh_done(proof, std::to_string(begin)));
}

/// Who is named twice, or was never in the base, does no harm.
void RecordedProvider::tell_left(directory::FeedSink& sink, std::uint64_t since) {
    std::vector<Uuid> ids = directory_.left_since(since);
    if (once_in(3))
        ids.push_back(uuid_of(900'000 + pick(100)));
    if (!ids.empty() && once_in(3))
        ids.push_back(ids[pick(ids.size())]);
    // What left and came back is named before it is sent.
    for (const Uuid& id : directory_.inside()) {
        if (directory_.node(id).csn > since && once_in(10))
            ids.push_back(id);
    }
    std::shuffle(ids.begin(), ids.end(), random_);
    const std::size_t portion = 1 + pick(4);
    for (std::size_t from = 0; from < ids.size(); from += portion) {
        const std::size_t to = std::min(ids.size(), from + portion);
        say(sink.deleted({ids.data() + from, ids.data() + to}));
    }
}

void RecordedProvider::tell_changed(directory::FeedSink& sink, const Uuid& id, bool with_subtree) {
    const std::vector<Uuid> ids = with_subtree ? directory_.subtree(id) : std::vector{id};
    for (const Uuid& one : ids) {
        do {
            say(sink.changed(directory_.entry_of(one)));
        } while (once_in(25));
    }
}

/// False when the whole entry is wanted.
bool RecordedProvider::tell_members(
    directory::FeedSink& sink, const std::optional<directory::MemberChange>& change
) {
    if (!change || once_in(2))
        return false;
    auto taken = sink.members_changed(*change);
    say(taken ? Status() : Status(fail(taken.error())));
    changes_taken_ += *taken ? 1 : 0;
    return *taken;
}

void RecordedProvider::tell_present(directory::FeedSink& sink, std::vector<Uuid> ids) {
    std::shuffle(ids.begin(), ids.end(), random_);
    const std::size_t portion = 1 + pick(8);
    for (std::size_t from = 0; from < ids.size(); from += portion) {
        const std::size_t to = std::min(ids.size(), from + portion);
        say(sink.present({ids.data() + from, ids.data() + to}));
    }
}

/// The directory does not stand still while it is read; what changes then is told afterwards, and
/// what is read is as it was at the beginning.
void RecordedProvider::tell_entries(directory::FeedSink& sink, std::uint64_t since, Mode mode) {
    struct Item {
        directory::SourceEntry entry;
        bool changed = false;
        std::vector<Uuid> below;
        std::optional<directory::MemberChange> members;
    };
    std::map<Uuid, Item> picture;
    for (const Uuid& id : directory_.inside()) {
        const auto& node = directory_.node(id);
        Item item{directory_.entry_of(id), node.csn > since || mode == Mode::again, {}, {}};
        if (item.changed && mode != Mode::snapshot)
            item.members = directory_.members_since(id, once_in(4) ? since / 2 : since);
        // The client reads below every container that has changed: it may have come from outside.
        if (node.csn > since && mode != Mode::snapshot)
            item.below = directory_.subtree(id);
        picture.emplace(id, std::move(item));
    }
    std::vector<Uuid> ids;
    for (const auto& [id, item] : picture)
        ids.push_back(id);
    std::shuffle(ids.begin(), ids.end(), random_);
    std::vector<Uuid> present;
    for (const Uuid& id : ids) {
        if (faults_ && once_in(25))
            directory_.step();
        const Item& item = picture.at(id);
        if (!item.changed) {
            present.push_back(id);
            continue;
        }
        if (tell_members(sink, item.members))
            continue;
        do {
            say(sink.changed(item.entry));
        } while (once_in(25));
        for (const Uuid& below : item.below)
            say(sink.changed(picture.at(below).entry));
        if (mode == Mode::present && once_in(8))
            tell_present(sink, std::exchange(present, {}));
    }
    if (mode == Mode::present)
        tell_present(sink, present);
}

void RecordedProvider::tell_changes(directory::FeedSink& sink) {
    for (const auto& change : directory_.take_changes()) {
        if (change.gone) {
            say(sink.deleted({change.id}));
        } else if (directory_.is_inside(change.id)) {
            auto members = change.members;
            if (members && once_in(2)) {
                for (auto* values : {&members->added, &members->removed}) {
                    for (auto& member : *values)
                        member.anchor.reset();
                }
            }
            if (tell_members(sink, members))
                continue;
            tell_changed(sink, change.id, change.entered);
        }
    }
    if (!once_in(4))
        say(sink.cookie(std::to_string(directory_.csn())));
}

}  // namespace bascule::test

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "directory/model/internal_types.hpp"
#include "tests/unit/mirror/environment.hpp"
#include "tests/unit/mirror/joined_world.hpp"

namespace bascule::mirror {
namespace {

using directory::SourceEntry;
using test::JoinedWorld;
using test::number_in_environment;

/// A directory of users and groups, changed at random. User names are never given twice in it;
/// employee numbers may be.
class SmallDirectory {
  public:
    SmallDirectory(unsigned place, std::mt19937& random) : place_(place), random_(random) {
        for (int index = 0; index < 6; ++index)
            add_user();
        for (int index = 0; index < 2; ++index)
            add_group();
    }

    struct Change {
        bool gone;
        Uuid anchor;
    };

    /// One change, and what a server tells of it.
    Change step() {
        switch (pick(8)) {
            case 0:
                return {false, add_user()};
            case 1:
                return users_.size() > 2 ? drop(any_user()) : Change{false, add_user()};
            case 2:
                users_[any_user()].number = pick(8);
                break;
            case 3: {
                auto& user = users_[any_user()];
                const unsigned wanted = pick(12);
                if (!name_taken(wanted))
                    user.name = wanted;
                break;
            }
            case 4:
                users_[any_user()].title = pick(3);
                break;
            case 5:
                users_[any_user()].rdn = ++last_;
                break;
            case 6:
                users_[any_user()].manager = any_user();
                break;
            default: {
                const Uuid id = std::next(groups_.begin(), pick(groups_.size()))->first;
                fill(groups_[id]);
                return {false, id};
            }
        }
        return {false, touched_};
    }

    [[nodiscard]] SourceEntry entry(const Uuid& id) const {
        SourceEntry out;
        out.anchor = id;
        out.dn = dn(id);
        out.dn_key = *ldap::dn_key(out.dn);
        if (const auto group = groups_.find(id); group != groups_.end()) {
            out.attributes = {{"objectClass", {"posixGroup"}}, {"cn", {out.dn}}};
            std::vector<std::string> members;
            std::vector<std::string> names;
            for (const Uuid& member : group->second) {
                members.push_back(dn(member));
                names.push_back(fmt::format("u{}", users_.at(member).name));
            }
            const bool by_name = id.bytes[15] % 2 == 0;
            if (!members.empty())
                out.attributes.push_back(
                    by_name
                        ? directory::RawAttribute{"memberUid", directory::AttributeValues(names)}
                        : directory::RawAttribute{"member", directory::AttributeValues(members)}
                );
            return out;
        }
        const User& user = users_.at(id);
        out.attributes = {
            {"objectClass", {"inetOrgPerson"}},
            {"cn", {fmt::format("person {}", place_)}},
            {"uid", {fmt::format("u{}", user.name)}}};
        if (user.number > 0)
            out.attributes.push_back({"employeeNumber", {std::to_string(user.number)}});
        if (user.title > 0)
            out.attributes.push_back({"title", {fmt::format("t{}{}", place_, user.title)}});
        if (user.manager && users_.contains(*user.manager))
            out.attributes.push_back({"manager", {dn(*user.manager)}});
        return out;
    }

    std::vector<Uuid> ids() {
        std::vector<Uuid> out;
        for (const auto& [id, user] : users_)
            out.push_back(id);
        for (const auto& [id, group] : groups_)
            out.push_back(id);
        std::ranges::shuffle(out, random_);
        return out;
    }
    std::vector<SourceEntry> entries() {
        std::vector<SourceEntry> out;
        for (const Uuid& id : ids())
            out.push_back(entry(id));
        return out;
    }
    /// Groups that name a user by his name are sent again when it changes.
    std::vector<SourceEntry> groups() {
        std::vector<SourceEntry> out;
        for (const auto& [id, group] : groups_)
            out.push_back(entry(id));
        return out;
    }

  private:
    struct User {
        unsigned name = 0;
        unsigned number = 0;
        unsigned title = 0;
        unsigned rdn = 0;
        std::optional<Uuid> manager;
    };

    unsigned pick(std::size_t below) {
        return static_cast<unsigned>(
            std::uniform_int_distribution<std::size_t>(0, below - 1)(random_)
        );
    }
    bool name_taken(unsigned name) const {
        return std::ranges::any_of(users_, [&](const auto& one) {
            return one.second.name == name;
        });
    }
    std::string dn(const Uuid& id) const {
        const auto user = users_.find(id);
        return user != users_.end() ? fmt::format("cn=p{},dc=s{}", user->second.rdn, place_)
                                    : fmt::format("cn=g{},dc=s{}", id.bytes[15], place_);
    }
    Uuid any_user() {
        touched_ = std::next(users_.begin(), pick(users_.size()))->first;
        return touched_;
    }
    Uuid add_user() {
        unsigned name = pick(12);
        while (name_taken(name))
            name = pick(100);
        const Uuid id = test::uuid_of(place_ * 1000 + ++last_);
        users_[id] = {name, pick(8), pick(3), last_, {}};
        return touched_ = id;
    }
    void add_group() {
        const Uuid id = test::uuid_of(place_ * 1000 + ++last_);
        fill(groups_[id]);
    }
    void fill(std::set<Uuid>& group) {
        group.clear();
        for (const auto& [id, user] : users_) {
            if (pick(2) == 0)
                group.insert(id);
        }
    }
    Change drop(const Uuid& id) {
        users_.erase(id);
        for (auto& [group, members] : groups_)
            members.erase(id);
        return {true, id};
    }

    unsigned place_;
    std::mt19937& random_;
    std::map<Uuid, User> users_;
    std::map<Uuid, std::set<Uuid>> groups_;
    Uuid touched_;
    unsigned last_ = 0;
};

/// What a store holds that reads the directories one after the other.
std::vector<std::string> rebuilt(
    const std::vector<std::string>& names, std::map<std::string, SmallDirectory>& directories,
    std::vector<std::string> order
) {
    JoinedWorld world(names);
    for (const std::string& name : order) {
        world.load(name, directories.at(name).entries());
        world.settle();
    }
    return world.picture();
}

void run(unsigned seed, const std::vector<std::string>& names) {
    SCOPED_TRACE(fmt::format("seed {} of {} sources", seed, names.size()));
    std::mt19937 random(seed);
    const auto pick = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    std::map<std::string, SmallDirectory> directories;
    for (std::size_t place = 0; place < names.size(); ++place)
        directories.emplace(names[place], SmallDirectory(static_cast<unsigned>(place), random));
    JoinedWorld world(names);
    auto order = names;
    std::ranges::shuffle(order, random);
    for (const std::string& name : order) {
        world.load(name, directories.at(name).entries());
        if (pick(2) == 0)
            test::MirrorWorld::check(world.engine(names[pick(names.size())]).attend_to_others());
    }
    for (int step = 0; step < 40; ++step) {
        const std::string& name = names[pick(names.size())];
        auto& directory = directories.at(name);
        const auto change = directory.step();
        if (pick(12) == 0) {
            world.load(name, directory.entries());
        } else {
            if (change.gone) {
                world.remove(name, change.anchor);
            } else {
                world.apply(name, {directory.entry(change.anchor)});
            }
            world.apply(name, directory.groups());
        }
        if (pick(3) == 0)
            test::MirrorWorld::check(world.engine(names[pick(names.size())]).attend_to_others());
        if (pick(10) == 0)
            world.reopen(names[pick(names.size())]);
    }
    world.settle();
    const auto seen = world.picture();
    std::ranges::shuffle(order, random);
    EXPECT_EQ(
        fmt::format("{}", fmt::join(seen, "\n")),
        fmt::format("{}", fmt::join(rebuilt(names, directories, names), "\n"))
    );
    EXPECT_EQ(
        fmt::format("{}", fmt::join(seen, "\n")),
        fmt::format("{}", fmt::join(rebuilt(names, directories, order), "\n"))
    );
}

TEST(JoinModel, OutcomeDoesNotDependOnTheOrderOfArrival) {
    const unsigned count = number_in_environment("BASCULE_MODEL_RUNS", 30);
    const unsigned from = number_in_environment("BASCULE_MODEL_SEED", 1);
    for (unsigned seed = from; seed < from + count && !testing::Test::HasFailure(); ++seed)
        run(seed, {"corp", "extra"});
}

TEST(JoinModel, NorWithThreeSources) {
    const unsigned count = number_in_environment("BASCULE_MODEL_RUNS", 20);
    const unsigned from = number_in_environment("BASCULE_MODEL_SEED", 1);
    for (unsigned seed = from; seed < from + count && !testing::Test::HasFailure(); ++seed)
        run(seed, {"corp", "extra", "third"});
}

}  // namespace
}  // namespace bascule::mirror

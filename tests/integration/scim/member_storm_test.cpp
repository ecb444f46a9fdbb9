// Many connections that change the members of one group at once.
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

constexpr std::size_t connections = 64;
constexpr std::size_t users_each = 16;

/// BASCULE_STORM_OPERATIONS in the environment, for long runs by hand.
std::size_t operation_count() {
    const char* wanted = std::getenv("BASCULE_STORM_OPERATIONS");
    return wanted == nullptr ? 12'800 : std::strtoull(wanted, nullptr, 10);
}

class ScimMemberStorm : public ScimServiceTest {
  protected:
    /// Adds and removes users of its own by the ways that clients know; `present` is who must be a
    /// member in the end.
    void run_connection(
        unsigned seed, const std::string& group, const std::vector<std::string>& users,
        std::set<std::string>& present
    ) {
        std::mt19937 random(seed);
        for (std::size_t left = operation_count() / connections; left > 0; --left) {
            const std::string& user = users[random() % users.size()];
            const bool adds = random() % 2 == 0;
            if (adds) {
                present.insert(user);
            } else {
                present.erase(user);
            }
            const Answer answer =
                patch("/Groups/" + group, Json{change(adds, user, random() % 2 == 0)});
            ASSERT_EQ(answer.status, 204) << answer.text;
        }
    }

  private:
    static Json change(bool adds, const std::string& user, bool filtered) {
        if (adds) {
            return operation("add", "members", references({user}));
        }
        return filtered ? operation("remove", "members[value eq \"" + user + "\"]")
                        : operation("Remove", "members", references({user}));
    }
};

TEST_F(ScimMemberStorm, Check120_ChangesOverManyConnectionsEndAsTheModelSays) {
    std::vector<std::vector<std::string>> users(connections);
    for (std::size_t index = 0; index < connections * users_each; ++index) {
        users[index % connections].push_back(add_user("user" + std::to_string(index)));
    }
    const std::string group = add_group("Everybody");
    std::vector<std::set<std::string>> present(connections);
    std::vector<std::thread> threads;
    for (unsigned index = 0; index < connections; ++index) {
        threads.emplace_back([&, index] {
            run_connection(index, group, users[index], present[index]);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::vector<std::string> wanted;
    for (const auto& some : present) {
        wanted.insert(wanted.end(), some.begin(), some.end());
    }
    std::ranges::sort(wanted);
    EXPECT_EQ(members_of(group), wanted);
}

}  // namespace
}  // namespace bascule::scim::tests

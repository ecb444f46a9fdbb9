// One group with everybody in it. BASCULE_LARGE_GROUP sets how many that are.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::IsEmpty;

std::size_t everybody() {
    const char* const text = std::getenv("BASCULE_LARGE_GROUP");
    return text == nullptr ? 100'000 : std::stoul(text);
}

class LargeGroup : public testing::Test {
  protected:
    /// Patience grows with the directory.
    static bool wait(const std::function<bool()>& condition) {
        for (std::size_t round = 0; round < 1 + everybody() / 20'000; ++round) {
            if (MirrorRig::wait(condition)) {
                return true;
            }
        }
        return false;
    }
    static std::string member(std::string_view change, std::size_t user) {
        return fmt::format(
            "dn: {}\nchangetype: modify\n{}: member\nmember: {}\n\n", group_dn("everybody"), change,
            user_dn(user)
        );
    }
    [[nodiscard]] std::size_t members() { return mirror.members(group_dn("everybody")).size(); }
    void expect_exact() {
        std::vector<std::string> differences;
        static_cast<void>(wait([&] {
            differences = mirror.wait_equal();
            return differences.empty();
        }));
        EXPECT_THAT(differences, IsEmpty());
    }
    const std::size_t count = everybody();
    SlapdRig slapd;
    MirrorRig mirror{slapd};
};

TEST_F(LargeGroup, IsExactAndFollowsItsMembers) {
    slapd.load_ldif(directory_ldif(count) + group_ldif("everybody", count - 1));
    slapd.start();
    mirror.start();
    ASSERT_TRUE(wait([&] { return mirror.status().state == "live"; }))
        << mirror.status().last_error;
    expect_exact();
    EXPECT_EQ(members(), count - 1);
    const auto before = mirror.last_sequence();
    const auto began = std::chrono::steady_clock::now();
    slapd.modify(member("add", count - 1));
    ASSERT_TRUE(wait([&] { return members() == count; }));
    RecordProperty(
        "milliseconds to add one",
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::steady_clock::now() - began
        )
                             .count())
    );
    EXPECT_LE(mirror.last_sequence(), before + 2) << "one member is one change";
    slapd.modify(member("delete", 5));
    slapd.modify(fmt::format("dn: {}\nchangetype: delete\n", user_dn(7)));
    ASSERT_TRUE(wait([&] { return members() == count - 2 && mirror.deletes() == 1; }));
    expect_exact();
    // The group goes on naming the old DN.
    slapd.modify(fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\n", user_dn(8)
    ));
    ASSERT_TRUE(wait([&] {
        const auto renamed = mirror.document("uid=renamed,ou=d8,ou=people," + SlapdRig::suffix());
        return renamed.find("renamed") != std::string::npos;
    }));
    EXPECT_EQ(members(), count - 2);
    EXPECT_EQ(mirror.deletes(), 1U);
}

}  // namespace
}  // namespace bascule::test

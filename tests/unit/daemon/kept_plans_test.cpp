#include "daemon/plan/kept_plans.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace bascule::daemon {
namespace {

class KeptPlansFile : public ::testing::Test {
  protected:
    ~KeptPlansFile() override { std::filesystem::remove(path_); }
    static PlanOutcome outcome(const std::string& hash, const std::string& held) {
        PlanOutcome plan;
        plan.hash = hash;
        plan.holds = {{"corp", "fingerprints", held}, {"other", "fingerprints", ""}};
        return plan;
    }

    std::string path_ =
        std::filesystem::temp_directory_path() / ("kept-plans-" + std::to_string(::getpid()));
    KeptPlans plans_{path_};
};

TEST_F(KeptPlansFile, FindsTheNewestByTheBeginningOfItsName) {
    ASSERT_TRUE(plans_.keep(outcome("aaaa1", "{\"hash\":\"1\"}"), Time{}));
    ASSERT_TRUE(plans_.keep(outcome("aaaa2", "{\"hash\":\"2\"}"), Time{}));
    const auto found = KeptPlans(path_).find("aaaa");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->hash, "aaaa2");
    ASSERT_EQ(found->holds.size(), 1U);
    EXPECT_EQ(found->holds[0].source, "corp");
    EXPECT_EQ(found->holds[0].held, "{\"hash\":\"2\"}");
    EXPECT_FALSE(plans_.find("aaa")) << "three characters are too few";
    EXPECT_FALSE(plans_.find("bbbb"));
}

TEST_F(KeptPlansFile, KeepsTenOfThoseThatHoldSomething) {
    ASSERT_TRUE(plans_.keep(outcome("nothing", ""), Time{}));
    EXPECT_TRUE(plans_.all().empty());
    for (int i = 0; i < 12; ++i) {
        ASSERT_TRUE(plans_.keep(outcome("plan" + std::to_string(i), "{}"), Time{}));
    }
    ASSERT_TRUE(plans_.keep(outcome("plan11", "{}"), Time{}));
    ASSERT_EQ(plans_.all().size(), 10U);
    EXPECT_EQ(plans_.all().front().hash, "plan11");
    EXPECT_EQ(plans_.all().back().hash, "plan2");
}

}  // namespace
}  // namespace bascule::daemon

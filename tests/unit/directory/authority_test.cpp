#include "directory/authority/authority.hpp"

#include <gtest/gtest.h>

#include "directory/model/internal_types.hpp"

namespace bascule::authority {
namespace {

using directory::AttributePath;
using directory::EdgeKind;
using directory::ObjectRow;
using directory::SourceId;

/// Masters userName and everything under the enterprise manager.
class NameMapper : public directory::EntryMapper {
  public:
    directory::MappedEntry map(const directory::SourceEntry&) const override { return {}; }
    bool fills(directory::TypeId, const AttributePath& path) const override {
        return path.name == "userName" || (fills_manager && path.name == "manager");
    }
    std::string fingerprint() const override { return "names"; }
    bool fills_manager = false;
};

class AuthorityTest : public testing::Test {
  protected:
    AuthorityTest() {
        user_.type = registry_.add({"User", true, {}});
        user_.source = SourceId{1};
        user_.display = "mira";
        group_.type = registry_.add({"Group", true, {}});
        group_.source = SourceId{1};
        group_.display = "Sales EMEA";
    }
    static ObjectRow local(ObjectRow row) {
        row.source = SourceId::local;
        return row;
    }

    directory::Registry registry_;
    NameMapper mapper_;
    Authority authority_{{{SourceId{1}, Master{"corp", &mapper_}}}};
    ObjectRow user_;
    ObjectRow group_;
};

TEST_F(AuthorityTest, LocalObjectsMayBeChanged) {
    const auto user = local(user_);
    const auto group = local(group_);
    EXPECT_TRUE(authority_.may_write(registry_, user, {"", "userName", ""}));
    EXPECT_TRUE(authority_.may_write_edges(registry_, group, EdgeKind::member));
    EXPECT_TRUE(authority_.may_delete(registry_, group));
    EXPECT_TRUE(authority_.require_self_service_target(group));
}

TEST_F(AuthorityTest, MappedAttributesAreRefusedWithTheirSource) {
    const auto status =
        authority_.may_write(registry_, user_, {"", "userName", ""}, "uid=mira,dc=example");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::conflict);
    EXPECT_EQ(status.error().code, "mutability");
    EXPECT_EQ(status.error().field, "userName");
    EXPECT_EQ(
        status.error().detail,
        "'userName' of User 'mira' is mastered by source 'corp' (uid=mira,dc=example); change it "
        "there."
    );
}

TEST_F(AuthorityTest, UnmappedAttributesOfSyncedObjectsAreKeptLocally) {
    EXPECT_TRUE(authority_.may_write(registry_, user_, {"", "nickName", ""}));
}

TEST_F(AuthorityTest, ObjectsOfAnUnknownSourceAreClosed) {
    user_.source = SourceId{9};
    const auto status = authority_.may_write(registry_, user_, {"", "nickName", ""});
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().detail.find("'#9'"), std::string::npos);
}

TEST_F(AuthorityTest, MembershipOfASyncedGroupIsRefused) {
    const auto status =
        authority_.may_write_edges(registry_, group_, EdgeKind::member, "cn=Sales EMEA,dc=example");
    ASSERT_FALSE(status);
    EXPECT_EQ(
        status.error().detail,
        "Group 'Sales EMEA' is mastered by source 'corp' (cn=Sales EMEA,dc=example); change it "
        "there."
    );
    EXPECT_FALSE(authority_.may_write_edges(registry_, group_, EdgeKind::owner));
}

TEST_F(AuthorityTest, SyncedUsersMayJoinLocalGroupsAndUnits) {
    EXPECT_TRUE(authority_.may_write_edges(registry_, user_, EdgeKind::member));
    EXPECT_TRUE(authority_.may_write_edges(registry_, user_, EdgeKind::unit_member));
    EXPECT_TRUE(authority_.may_write_edges(registry_, group_, EdgeKind::unit_member));
}

TEST_F(AuthorityTest, TheManagerFollowsTheMapping) {
    EXPECT_TRUE(authority_.may_write_edges(registry_, user_, EdgeKind::manager));
    mapper_.fills_manager = true;
    EXPECT_FALSE(authority_.may_write_edges(registry_, user_, EdgeKind::manager));
}

TEST_F(AuthorityTest, SyncedObjectsAreDeletedAtTheirSource) {
    const auto status = authority_.may_delete(registry_, user_);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().detail, "User 'mira' is mastered by source 'corp'; delete it there.");
}

TEST_F(AuthorityTest, OnPremisesGroupsAreNoSelfServiceTargets) {
    const auto status = authority_.require_self_service_target(group_);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::policy_rejected);
    EXPECT_EQ(status.error().code, "on_premises_group");
    EXPECT_EQ(
        status.error().detail,
        "'Sales EMEA' comes from the directory 'corp' and is managed there. "
        "Choose a local group, or create one."
    );
}

}  // namespace
}  // namespace bascule::authority

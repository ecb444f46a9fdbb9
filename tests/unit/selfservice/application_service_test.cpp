#include "selfservice/apps/application_service.hpp"

#include <gtest/gtest.h>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using directory::EdgeKind;
using directory::Outcome;
using test::code_of;
using test::value_of;

struct Application : testing::Test {
    test::Company company;
    Uuid app = company.add(
        "Application", "Wiki",
        R"("displayName":"Wiki","roles":[{"value":"editor","display":"Editor"}])"
    );
    Uuid local_group = company.add_group("wiki users");
    Uuid synced_group = company.add_group("Sales EMEA", company.corp);
    Uuid admin = company.add_user("admin");
    Uuid ann = company.add_user("ann");
    Uuid role = company.assign("Cloud Application Administrator", admin);

    Result<SelfServiceReport> put(SelfServiceSetting setting) {
        return company.applications->put(company.caller(admin, "admin"), app, std::move(setting));
    }
    SelfServiceSetting enabled_for(const Uuid& group) {
        SelfServiceSetting setting;
        setting.enabled = true;
        setting.target_group = group;
        return setting;
    }
    std::string accepts() {
        std::string code;
        test::require(company.store().read([&](directory::Reader& reader) -> Status {
            code = code_of(company.applications->accepts_requests(reader, app));
            return {};
        }));
        return code;
    }
};

TEST_F(Application, TakesNoRequestsUntilEnabled) {
    EXPECT_EQ(accepts(), "not_requestable");
    const auto report = value_of(company.applications->get(company.caller(admin), app));
    EXPECT_EQ(report.state, "disabled");
    EXPECT_EQ(value_of(put(enabled_for(local_group))).state, "active");
    EXPECT_EQ(accepts(), "ok");
}

TEST_F(Application, KeepsWhatWasSet) {
    SelfServiceSetting setting = enabled_for(local_group);
    setting.approval_required = true;
    setting.approvers = {ann, admin, ann};
    setting.role = "editor";
    ASSERT_TRUE(put(setting));
    const auto stored = value_of(company.applications->get(company.caller(admin), app)).setting;
    EXPECT_TRUE(stored.enabled);
    EXPECT_EQ(stored.target_group, local_group);
    EXPECT_TRUE(stored.approval_required);
    EXPECT_EQ(stored.approvers.size(), 2U);
    EXPECT_EQ(stored.role, "editor");
    ASSERT_TRUE(put({}));
    EXPECT_FALSE(
        value_of(company.applications->get(company.caller(admin), app)).setting.target_group
    );
}

TEST_F(Application, RefusesAnOnPremisesGroupAndChangesNothing) {
    ASSERT_TRUE(put(enabled_for(local_group)));
    const auto refused = put(enabled_for(synced_group));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "on_premises_group");
    EXPECT_EQ(refused.error().field, "targetGroup");
    EXPECT_NE(refused.error().detail.find("corp"), std::string::npos);
    EXPECT_EQ(
        value_of(company.applications->get(company.caller(admin), app)).setting.target_group,
        local_group
    );
    // Also while the setting is switched off.
    SelfServiceSetting off = enabled_for(synced_group);
    off.enabled = false;
    EXPECT_EQ(code_of(put(off)), "on_premises_group");
    const auto records = company.journal("Update self-service application setting");
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].outcome, Outcome::success);
    EXPECT_EQ(records[1].outcome, Outcome::refused);
    EXPECT_EQ(records[1].reason, "on_premises_group");
}

TEST_F(Application, PausesWhenItsGroupBecomesSyncedOrGoes) {
    ASSERT_TRUE(put(enabled_for(local_group)));
    company.write([&](directory::Transaction& transaction) -> Status {
        const auto group = value_of(transaction.find(local_group)).value();
        return transaction.convert(
            group.row.oid, group.row.type, company.corp, group.body, "", group.row.display
        );
    });
    const auto report = value_of(company.applications->get(company.caller(admin), app));
    EXPECT_EQ(report.state, "target_became_on_premises");
    EXPECT_FALSE(report.detail.empty());
    EXPECT_EQ(accepts(), "target_became_on_premises");
    company.remove(local_group);
    EXPECT_EQ(accepts(), "target_missing");
}

TEST_F(Application, RefusesOtherUnsuitableTargets) {
    EXPECT_EQ(
        code_of(put(enabled_for(company.add_group("admins", directory::SourceId::local, true)))),
        "role_assignable_group"
    );
    const Uuid guarded = company.add_group("guarded");
    company.link(EdgeKind::unit_member, company.add_unit("Vault", true), guarded);
    EXPECT_EQ(code_of(put(enabled_for(guarded))), "restricted_unit");
    EXPECT_EQ(code_of(put(enabled_for(ann))), "target_missing");
    EXPECT_EQ(code_of(put(enabled_for(Uuid{}))), "target_missing");
    SelfServiceSetting without;
    without.enabled = true;
    EXPECT_EQ(code_of(put(without)), "target_required");
}

TEST_F(Application, HasOneToTenApproversWhoArePeople) {
    SelfServiceSetting setting = enabled_for(local_group);
    setting.approval_required = true;
    EXPECT_EQ(code_of(put(setting)), "approvers_required");
    setting.approvers = {local_group};
    EXPECT_EQ(code_of(put(setting)), "approver_not_a_user");
    setting.approvers = {company.add_user("gone", R"(,"active":false)")};
    EXPECT_EQ(code_of(put(setting)), "approver_disabled");
    setting.approvers.clear();
    for (int i = 0; i < 10; ++i) {
        setting.approvers.push_back(company.add_user("approver" + std::to_string(i)));
    }
    EXPECT_EQ(code_of(put(setting)), "ok");
    setting.approvers.push_back(ann);
    EXPECT_EQ(code_of(put(setting)), "too_many_approvers");
}

TEST_F(Application, KnowsItsRoles) {
    SelfServiceSetting setting = enabled_for(local_group);
    setting.role = "owner";
    EXPECT_EQ(code_of(put(setting)), "unknown_role");
}

TEST_F(Application, IsSetByItsAdministratorsAndByTokensOnly) {
    EXPECT_EQ(code_of(company.applications->put(company.caller(ann), app, {})), "not_authorised");
    EXPECT_EQ(code_of(company.applications->get(company.caller(ann), app)), "not_authorised");
    access::Caller token = company.caller(Uuid{}, "deploy");
    token.actor.kind = directory::ActorKind::token;
    token.scopes = {"users:write"};
    EXPECT_EQ(code_of(company.applications->put(token, app, {})), "not_authorised");
    token.scopes = {"admin:read"};
    EXPECT_EQ(code_of(company.applications->get(token, app)), "ok");
    EXPECT_EQ(code_of(company.applications->put(token, app, {})), "not_authorised");
    token.scopes = {"admin:write"};
    EXPECT_EQ(code_of(company.applications->put(token, app, {})), "ok");
    EXPECT_EQ(code_of(company.applications->put(token, ann, {})), "not_found");
}

}  // namespace
}  // namespace bascule::selfservice

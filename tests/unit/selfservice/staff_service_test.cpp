#include "selfservice/staff/staff_service.hpp"

#include <gtest/gtest.h>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using directory::EdgeKind;
using directory::Outcome;
using test::code_of;
using test::value_of;

/// Two locations with a manager and an employee each, and a manager of everybody.
struct Staff : testing::Test {
    test::Company company;
    Uuid seattle = company.add_unit("Seattle");
    Uuid portland = company.add_unit("Portland");
    Uuid mira = company.add_local_user("mira", "password of mira");
    Uuid otto = company.add_user("otto");
    Uuid leo = company.add_local_user("leo", "password of leo");
    Uuid zoe = company.add_local_user("zoe", "password of zoe");
    Uuid mira_role = company.assign("Helpdesk Administrator", mira, seattle);
    Uuid otto_role = company.assign("User Administrator", otto);

    Staff() {
        company.link(EdgeKind::unit_member, seattle, leo);
        company.link(EdgeKind::unit_member, seattle, mira);
        company.link(EdgeKind::unit_member, portland, zoe);
    }
    std::vector<directory::JournalRecord> resets() {
        return company.journal("Reset password (by admin)");
    }
    std::string detail(const directory::JournalRecord& record, const std::string& key) {
        for (const auto& [name, value] : record.details) {
            if (name == key) {
                return value;
            }
        }
        return "(absent)";
    }
    std::vector<std::string> names(const Uuid& manager, const StaffQuery& query) {
        std::vector<std::string> found;
        for (const StaffMember& member :
             value_of(company.staff->people(company.caller(manager), query)).people) {
            found.push_back(member.person.user_name);
        }
        return found;
    }
};

TEST_F(Staff, GetATemporaryPasswordThatMustBeChanged) {
    const auto before = value_of(company.sign_in("leo", "password of leo"));
    const auto outcome = value_of(company.reset(mira, leo));
    ASSERT_TRUE(outcome.temporary_password);
    EXPECT_EQ(code_of(company.sessions->find(before.token.reveal())), "no_session");
    EXPECT_EQ(code_of(company.sign_in("leo", "password of leo")), "invalid_credentials");
    const std::string temporary(outcome.temporary_password->reveal());
    const auto session = value_of(company.sign_in("leo", temporary));
    EXPECT_TRUE(session.session.must_change_password);

    access::Caller caller = company.caller(leo, "leo");
    caller.session = session.session.id;
    EXPECT_EQ(
        code_of(company.passwords->change(
            caller, test::secret(temporary), test::secret("an own password"), company.soon()
        )),
        "ok"
    );
    EXPECT_FALSE(value_of(company.sessions->find(session.token.reveal())).must_change_password);
}

TEST_F(Staff, LeaveOneRecordForEveryReset) {
    value_of(company.reset(mira, leo));
    const auto records = resets();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].outcome, Outcome::success);
    EXPECT_EQ(records[0].origin, "My Staff");
    EXPECT_EQ(records[0].actor.id, mira);
    EXPECT_EQ(records[0].target, leo);
    EXPECT_EQ(records[0].source_address, "10.1.2.3");
    EXPECT_EQ(records[0].request_id, "request-1");
    EXPECT_EQ(detail(records[0], "Origin"), "My Staff");
    EXPECT_EQ(detail(records[0], "AdministrativeUnit"), seattle.to_string());
    EXPECT_EQ(detail(records[0], "MatchedAssignment"), mira_role.to_string());
    EXPECT_EQ(detail(records[0], "OnPremisesAgent"), "None");
}

TEST_F(Staff, OfOtherLocationsAreOutOfReach) {
    EXPECT_EQ(code_of(company.reset(mira, zoe)), "outside_scope");
    EXPECT_EQ(code_of(company.reset(mira, otto)), "outside_scope");
    EXPECT_EQ(code_of(company.reset(mira, mira)), "self_reset");
    EXPECT_EQ(code_of(company.reset(leo, zoe)), "no_role");
    EXPECT_EQ(code_of(company.reset(otto, zoe)), "ok");
    EXPECT_EQ(code_of(company.reset(otto, mira)), "ok");
    EXPECT_EQ(code_of(company.reset(otto, Uuid{})), "not_found");
    const auto records = resets();
    ASSERT_EQ(records.size(), 7U);
    EXPECT_EQ(records[0].outcome, Outcome::refused);
    EXPECT_EQ(records[0].reason, "outside_scope");
    EXPECT_EQ(records[0].target, zoe);
}

TEST_F(Staff, KeepTheirPasswordWhenAResetIsRefused) {
    EXPECT_EQ(code_of(company.reset(mira, leo, "typed by mira")), "password_is_generated");
    EXPECT_EQ(code_of(company.reset(mira, zoe)), "outside_scope");
    EXPECT_EQ(code_of(company.sign_in("leo", "password of leo")), "ok");
    EXPECT_EQ(code_of(company.sign_in("zoe", "password of zoe")), "ok");
}

TEST_F(Staff, WhoAreDisabledOrDeletedAreNotReset) {
    company.set_body(leo, R"("displayName":"leo")", R"("displayName":"leo","active":false)");
    EXPECT_EQ(code_of(company.reset(mira, leo)), "account_disabled");
    company.remove(leo);
    EXPECT_EQ(code_of(company.reset(mira, leo)), "target_deleted");
}

TEST_F(Staff, AreResetOnceForOneIdempotencyKey) {
    const auto first = value_of(company.reset(mira, leo, {}, "key-1"));
    const auto second = value_of(company.reset(mira, leo, {}, "key-1"));
    EXPECT_FALSE(first.repeated);
    EXPECT_TRUE(second.repeated);
    EXPECT_FALSE(second.temporary_password);
    EXPECT_EQ(
        code_of(company.sign_in("leo", std::string(first.temporary_password->reveal()))), "ok"
    );
    EXPECT_EQ(resets().size(), 1U);
    // Another caller's key is another key, and so is the same for another person.
    EXPECT_FALSE(value_of(company.reset(otto, leo, {}, "key-1")).repeated);
    EXPECT_FALSE(value_of(company.reset(otto, zoe, {}, "key-1")).repeated);
}

TEST_F(Staff, IdempotencyKeysAreKeptForADay) {
    value_of(company.reset(mira, leo, {}, "key-1"));
    company.clock.advance(std::chrono::hours{25});
    value_of(company.reset(mira, leo, {}, "key-2"));
    EXPECT_TRUE(value_of(company.reset(mira, leo, {}, "key-2")).repeated);
    std::uint64_t kept = 0;
    test::require(company.store().read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(kept, reader.count(company.store().registry().type("IdempotencyKey")));
        return {};
    }));
    EXPECT_EQ(kept, 1U);
    EXPECT_TRUE(value_of(company.reset(mira, leo, {}, "key-1")).temporary_password);
}

TEST_F(Staff, LocationsAreThoseWithARole) {
    const auto of_mira = value_of(company.staff->locations(company.caller(mira)));
    ASSERT_EQ(of_mira.units.size(), 1U);
    EXPECT_EQ(of_mira.units[0].display_name, "Seattle");
    EXPECT_EQ(of_mira.units[0].roles, std::vector<std::string>{"Helpdesk Administrator"});
    EXPECT_EQ(of_mira.units[0].members, 2U);
    EXPECT_FALSE(of_mira.whole_organisation);
    const auto of_otto = value_of(company.staff->locations(company.caller(otto)));
    EXPECT_TRUE(of_otto.whole_organisation);
    EXPECT_EQ(of_otto.units.size(), 2U);
    EXPECT_EQ(code_of(company.staff->locations(company.caller(leo))), "not_authorised");
}

TEST_F(Staff, ListShowsWhatMayBeDone) {
    const auto page = value_of(company.staff->people(company.caller(mira), {.unit = seattle}));
    ASSERT_EQ(page.people.size(), 2U);
    for (const StaffMember& member : page.people) {
        if (member.person.user_name == "leo") {
            EXPECT_FALSE(member.reset_refusal);
        } else {
            EXPECT_EQ(member.reset_refusal->code, "self_reset");
        }
    }
    EXPECT_EQ(
        code_of(company.staff->people(company.caller(mira), {.unit = portland})), "outside_scope"
    );
    EXPECT_EQ(code_of(company.staff->people(company.caller(mira), {})), "outside_scope");
    EXPECT_EQ(
        code_of(company.staff->people(company.caller(leo), {.unit = seattle})), "not_authorised"
    );
}

TEST_F(Staff, ListHoldsDirectMembersOnly) {
    const Uuid group = company.add_group("staff");
    company.link(EdgeKind::member, group, zoe);
    company.link(EdgeKind::unit_member, seattle, group);
    EXPECT_EQ(names(mira, {.unit = seattle}).size(), 2U);
    EXPECT_EQ(code_of(company.reset(mira, zoe)), "outside_scope");
}

TEST_F(Staff, ListIsPagedAndSearched) {
    for (int i = 0; i < 7; ++i) {
        company.link(
            EdgeKind::unit_member, seattle, company.add_user("worker" + std::to_string(i))
        );
    }
    for (const std::optional<Uuid>& unit : {std::optional<Uuid>(seattle), std::optional<Uuid>()}) {
        StaffQuery query{.unit = unit, .text = "WORKER", .cursor = "", .limit = 3};
        std::size_t seen = 0;
        int pages = 0;
        do {
            const auto page = value_of(company.staff->people(company.caller(otto), query));
            seen += page.people.size();
            query.cursor = page.next_cursor;
            ++pages;
        } while (!query.cursor.empty());
        EXPECT_EQ(seen, 7U);
        EXPECT_EQ(pages, 3);
    }
    EXPECT_EQ(names(mira, {.unit = seattle, .text = "leo"}), std::vector<std::string>{"leo"});
    EXPECT_EQ(
        code_of(company.staff->people(company.caller(otto), {.unit = {}, .text = "", .cursor = "x"})
        ),
        "invalid_cursor"
    );
}

TEST_F(Staff, PolicySaysThatAPasswordIsGenerated) {
    EXPECT_TRUE(value_of(company.staff->password_policy(company.caller(mira), leo, company.soon()))
                    .generated);
    EXPECT_EQ(
        code_of(company.staff->password_policy(company.caller(mira), zoe, company.soon())),
        "outside_scope"
    );
}

TEST_F(Staff, SyncedWithoutAConnectedDirectoryAreNotReset) {
    const Uuid ida = company.add_synced_user("ida", "uid=ida,dc=rig,dc=test");
    company.link(EdgeKind::unit_member, seattle, ida);
    EXPECT_EQ(code_of(company.reset(mira, ida, "typed by mira")), "writeback_unavailable");
    company.directories.set(company.corp, {nullptr, nullptr, false, "corp"});
    EXPECT_EQ(code_of(company.reset(mira, ida, "typed by mira")), "writeback_disabled");
    EXPECT_EQ(
        code_of(company.staff->password_policy(company.caller(mira), ida, company.soon())),
        "writeback_disabled"
    );
    const auto records = resets();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].outcome, Outcome::failed);
    EXPECT_EQ(records[1].outcome, Outcome::refused);
}

/// Five locations, each with a manager who is a member of it, and an employee.
TEST(DemonstrationCompany, ManagersReachWhomTheirRolesReach) {
    test::Company company;
    struct Place {
        std::string name;
        std::vector<std::string> roles;
        bool whole_organisation;
    };
    const std::vector<Place> places{
        {"Seattle", {"Authentication Administrator"}, false},
        {"Portland", {"Helpdesk Administrator"}, false},
        {"Denver", {"Authentication Administrator", "Helpdesk Administrator"}, false},
        {"Chicago", {"User Administrator"}, false},
        {"Orlando", {"User Administrator"}, true},
    };
    for (const Place& place : places) {
        const Uuid unit = company.add_unit(place.name);
        const auto add = [&](const std::string& kind) {
            const Uuid id = company.add_user(kind + "-" + place.name);
            company.link(EdgeKind::unit_member, unit, id);
            if (kind != "staff") {
                for (const std::string& role : place.roles) {
                    company.assign(
                        role, id,
                        place.whole_organisation ? std::nullopt : std::optional<Uuid>(unit)
                    );
                }
            }
            return id;
        };
        add("staff");
        add("manager");
        add("deputy");
    }
    const auto id_of = [](const std::string& type, const std::string& name) {
        return uuid_v5(Uuid{}, type + "/" + name);
    };
    for (const Place& place : places) {
        SCOPED_TRACE(place.name);
        const access::Caller manager = company.caller(id_of("User", "manager-" + place.name));
        const auto locations = value_of(company.staff->locations(manager));
        EXPECT_EQ(locations.whole_organisation, place.whole_organisation);
        EXPECT_EQ(locations.units.size(), place.whole_organisation ? 5U : 1U);
        for (const Place& other : places) {
            const StaffQuery query{.unit = id_of("AdministrativeUnit", other.name)};
            const auto page = company.staff->people(manager, query);
            if (other.name != place.name && !place.whole_organisation) {
                EXPECT_EQ(code_of(page), "outside_scope");
                continue;
            }
            for (const StaffMember& member :
                 value_of(company.staff->people(manager, query)).people) {
                const std::string& name = member.person.user_name;
                const std::string reason = member.reset_refusal ? member.reset_refusal->code : "ok";
                if (name == "manager-" + place.name) {
                    EXPECT_EQ(reason, "self_reset");
                } else if (name.starts_with("staff-")) {
                    EXPECT_EQ(reason, "ok");
                } else if (!place.whole_organisation) {
                    EXPECT_EQ(reason, "protected_target") << name;
                } else {
                    // For the whole organisation the grid decides, role by role.
                    const bool user_administrator = other.roles.front() == "User Administrator";
                    const bool helpdesk_only = other.name == "Portland";
                    EXPECT_EQ(
                        reason, user_administrator || helpdesk_only ? "ok" : "role_not_sufficient"
                    ) << name;
                }
            }
        }
    }
    const access::Caller nobody = company.caller(id_of("User", "staff-Seattle"));
    EXPECT_EQ(code_of(company.staff->locations(nobody)), "not_authorised");
}

TEST(StaffSwitch, NeedsBothTheSwitchAndARole) {
    using Audience = StaffAccess::Audience;
    for (const Audience audience : {Audience::everybody, Audience::selected, Audience::nobody}) {
        test::Company company({audience, {"Managers"}});
        const Uuid unit = company.add_unit("Seattle");
        const Uuid group = company.add_group("managers");
        const Uuid leo = company.add_user("leo");
        company.link(EdgeKind::unit_member, unit, leo);
        for (const bool chosen : {false, true}) {
            for (const bool has_role : {false, true}) {
                const Uuid manager =
                    company.add_user("m" + std::to_string(chosen) + std::to_string(has_role));
                if (chosen) {
                    company.link(EdgeKind::member, group, manager);
                }
                if (has_role) {
                    company.assign("Helpdesk Administrator", manager, unit);
                }
                const bool let_in =
                    audience == Audience::everybody || (audience == Audience::selected && chosen);
                EXPECT_EQ(
                    code_of(company.staff->locations(company.caller(manager))),
                    let_in && has_role ? "ok" : "not_authorised"
                );
                EXPECT_EQ(
                    code_of(company.reset(manager, leo)), !let_in    ? "not_authorised"
                                                          : has_role ? "ok"
                                                                     : "no_role"
                );
            }
        }
    }
}

}  // namespace
}  // namespace bascule::selfservice

#include <gtest/gtest.h>

#include "directory/authority/authority.hpp"
#include "directory/base/json_text.hpp"
#include "directory/mirror/hold_service.hpp"
#include "directory/mirror/join_attributes.hpp"
#include "directory/mirror/source_retirement.hpp"
#include "tests/unit/mirror/joined_world.hpp"

namespace bascule::mirror {
namespace {

using directory::EdgeKind;
using directory::SourceEntry;
using test::JoinedWorld;
using test::MirrorWorld;
using test::uuid_of;

SourceEntry user(
    unsigned number, const std::string& name, const std::string& employee = {},
    const std::string& more = {}
) {
    return test::parse_entry(
        "dn: cn=" + name + ",dc=test\nentryUUID: " + uuid_of(number).to_string() +
        "\nobjectClass: inetOrgPerson\ncn: " + name + "\nuid: " + name + "\n" +
        (employee.empty() ? "" : "employeeNumber: " + employee + "\n") + more
    );
}

SourceEntry group(unsigned number, const std::vector<std::string>& members) {
    std::string text = "dn: cn=group,dc=test\nentryUUID: " + uuid_of(number).to_string() +
                       "\nobjectClass: groupOfNames\ncn: group\n";
    for (const std::string& member : members)
        text += "member: cn=" + member + ",dc=test\n";
    return test::parse_entry(text);
}

std::vector<SourceEntry> staff(unsigned first, const std::string& prefix) {
    std::vector<SourceEntry> out;
    for (unsigned index = 0; index < 40; ++index)
        out.push_back(user(first + index, prefix + std::to_string(index), std::to_string(index)));
    return out;
}

class Join : public ::testing::Test {
  protected:
    Uuid in_corp(unsigned number) { return object_id("corp", uuid_of(number)); }
    Uuid in_extra(unsigned number) { return object_id("extra", uuid_of(number)); }
    std::string member(const directory::Object& object, const char* name) {
        return json_text_member(object.body, name).value_or("");
    }
    std::uint64_t held(const std::string& source) {
        return world_.read([&](directory::Reader& reader) {
            return HeldPlan::parse((*reader.source_state(source))->held_plan).size();
        });
    }

    JoinedWorld world_{{"corp", "extra"}};
};

TEST_F(Join, EarlierSourceWinsWhereBothHaveAValue) {
    world_.load("corp", {user(1, "anna", "7", "title: Chief\n")});
    world_.load("extra", {user(2, "a.smith", "7", "title: Doctor\nmobile: 123\n")});
    auto anna = world_.object("corp", uuid_of(1));
    ASSERT_TRUE(anna);
    EXPECT_EQ(member(*anna, "title"), "Chief");
    EXPECT_NE(anna->body.find("123"), std::string::npos) << anna->body;
    EXPECT_EQ(world_.type_of("extra", uuid_of(2)), "Joined");
    world_.apply("corp", {user(1, "anna", "7")});
    EXPECT_EQ(member(*world_.object("corp", uuid_of(1)), "title"), "Doctor");
    world_.apply("corp", {user(1, "anna", "7", "title: Boss\n")});
    EXPECT_EQ(member(*world_.object("corp", uuid_of(1)), "title"), "Boss");
    world_.remove("extra", uuid_of(2));
    EXPECT_EQ(world_.object("corp", uuid_of(1))->body.find("123"), std::string::npos);
}

TEST_F(Join, UnchangedEntriesWriteNothing) {
    world_.load("corp", {user(1, "anna", "7")});
    world_.load("extra", {user(2, "a.smith", "7", "title: Doctor\n"), group(3, {"a.smith"})});
    const auto sequence = [&] {
        return world_.read([](directory::Reader& reader) { return *reader.last_sequence(); });
    };
    const auto version = [&] { return world_.object("corp", uuid_of(1))->row.version; };
    const auto before = sequence();
    const auto first = version();
    world_.apply("extra", {user(2, "a.smith", "7", "title: Doctor\n"), group(3, {"a.smith"})});
    world_.apply("corp", {user(1, "anna", "7")});
    world_.load("extra", {user(2, "a.smith", "7", "title: Doctor\n"), group(3, {"a.smith"})});
    world_.settle();
    EXPECT_EQ(sequence(), before);
    EXPECT_EQ(version(), first);
}

TEST_F(Join, EmptyValuesAndValuesKeptHereJoinNobody) {
    world_.load("corp", {user(1, "anna"), user(2, "bert")});
    world_.load("extra", {user(3, "carl"), user(4, "dora", "9")});
    EXPECT_EQ(world_.type_of("extra", uuid_of(3)), "User");
    MirrorWorld::check(world_.store->write(
        directory::Durability::full,
        [&](directory::Transaction& transaction) -> Status {
            BASCULE_TRY(const auto anna, transaction.find(in_corp(1)));
            const std::string kept =
                R"({"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"9"}})";
            std::string body = anna->body;
            body.insert(body.rfind('}'), "," + kept.substr(1, kept.size() - 2));
            return transaction.update(anna->row.oid, body, kept, anna->row.display).map([](bool) {
            });
        }
    ));
    world_.apply("extra", {user(4, "dora", "9", "title: x\n")});
    world_.settle();
    EXPECT_EQ(world_.type_of("extra", uuid_of(4)), "User");
}

TEST_F(Join, WhatWasKeptHereGoesOverToTheObject) {
    world_.load("extra", {user(2, "a.smith", "7")});
    Uuid local{};
    MirrorWorld::check(world_.store->write(
        directory::Durability::full,
        [&](directory::Transaction& transaction) -> Status {
            BASCULE_TRY(const auto smith, transaction.find(in_extra(2)));
            std::string body = smith->body;
            body.insert(body.rfind('}'), R"(,"nickName":"Smithy")");
            BASCULE_CHECK(transaction.update(
                smith->row.oid, body, R"({"nickName":"Smithy"})", smith->row.display
            ));
            local = uuid_of(99);
            const auto& registry = test::product_registry();
            BASCULE_TRY(
                const auto group, transaction.create(
                                      {local,
                                       registry.type("Group"),
                                       directory::SourceId::local,
                                       "local",
                                       R"({"displayName":"local"})",
                                       {}}
                                  )
            );
            return transaction.add_edge(EdgeKind::member, group, smith->row.oid).map([](bool) {});
        }
    ));
    world_.load("corp", {user(1, "anna", "7")});
    world_.settle();
    EXPECT_EQ(member(*world_.object("corp", uuid_of(1)), "nickName"), "Smithy");
    EXPECT_EQ(world_.targets(local), std::set<Uuid>{in_corp(1)});
}

TEST_F(Join, MassDeletionOfJoinedEntriesIsHeldAndApproved) {
    JoinedWorld world({"corp", "extra"}, GuardLimits{});
    world.load("corp", staff(100, "c"));
    auto parts = staff(200, "e");
    world.load("extra", parts);
    EXPECT_EQ(world.type_of("extra", uuid_of(200)), "Joined");
    world.load("extra", {parts[0]});
    EXPECT_EQ(world.type_of("extra", uuid_of(201)), "Joined");
    HoldService service(*world.store, world.rules());
    const auto list = service.list();
    ASSERT_EQ(list->size(), 1U);
    EXPECT_EQ(list->front().total, 39U);
    MirrorWorld::check(
        service.approve("extra", list->front().hash, world.mapper(), {directory::ActorKind::system, {}, "root"})
    );
    EXPECT_EQ(world.type_of("extra", uuid_of(200)), "Joined");
    EXPECT_EQ(world.type_of("extra", uuid_of(201)), "none");
    EXPECT_EQ(world.type_of("corp", uuid_of(101)), "User");
}

TEST_F(Join, HeldDeletionOutlivesALookAtTheEntry) {
    GuardLimits limits;
    limits.delete_at_least = 0;
    limits.delete_percent = 0;
    JoinedWorld world({"corp", "extra"}, limits);
    world.load("corp", {user(1, "anna", "7"), user(2, "bert", "8")});
    world.load("extra", {user(3, "x", "7"), user(4, "y", "8")});
    world.remove("extra", uuid_of(3));
    const auto held = [&] {
        return world.read([](directory::Reader& reader) {
            return HeldPlan::parse((*reader.source_state("extra"))->held_plan).deletes.size();
        });
    };
    EXPECT_EQ(held(), 1U);
    world.apply("corp", {user(1, "anna", "9")});
    world.settle();
    EXPECT_EQ(world.type_of("extra", uuid_of(3)), "User");
    EXPECT_EQ(held(), 1U);
}

TEST_F(Join, RetiredSourceReleasesWhatIsJoinedToIt) {
    world_.load("corp", {user(1, "anna", "7")});
    world_.load("extra", {user(2, "a.smith", "7"), group(3, {"a.smith"})});
    EXPECT_EQ(world_.targets(in_extra(3)), std::set<Uuid>{in_corp(1)});
    SourceRetirement retirement(*world_.store);
    MirrorWorld::check(retirement.retire("corp", 1, {directory::ActorKind::system, {}, "root"}));
    world_.settle();
    EXPECT_EQ(world_.type_of("extra", uuid_of(2)), "User");
    EXPECT_EQ(world_.targets(in_extra(3)), std::set<Uuid>{in_extra(2)});
}

TEST_F(Join, MemberWhoLeavesTheGroupLeavesTheJoinedUserToo) {
    world_.load("corp", {user(1, "anna", "7"), user(4, "bert")});
    world_.load("extra", {user(2, "a.smith", "7"), group(3, {"a.smith"})});
    world_.apply("extra", {group(3, {})});
    EXPECT_TRUE(world_.targets(in_extra(3)).empty());
}

TEST(JoinAttributes, AreNamedAsInScim) {
    const auto& registry = test::product_registry();
    const auto found = join_attributes(registry, {"employeeNumber", "userName", "emails"});
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)[0], test::employee_number());
    EXPECT_EQ((*found)[1], test::user_name());
    EXPECT_EQ(registry.spec((*found)[2]).path.to_string(), "emails.value");
    for (const char* name : {"nothing", "active", "members", "name", ""}) {
        EXPECT_EQ(join_attributes(registry, {name}).error().code, "invalid_join") << name;
    }
}

}  // namespace
}  // namespace bascule::mirror

// Phone numbers that are changed by SCIM go to the directory within the request, and their echo
// changes nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <sstream>
#include <tuple>

#include "tests/integration/sources/source_text.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/ds389_rig.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* mobile_only = "    write_back: { phone: [mobile] }\n";

json patch_of(const json& operations) {
    return {
        {"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}}, {"Operations", operations}};
}

json set_phone(const std::string& type, const std::string& value) {
    return patch_of(
        {{{"op", "replace"},
          {"path", "phoneNumbers[type eq \"" + type + "\"].value"},
          {"value", value}}}
    );
}

json add_phone(const std::string& type, const std::string& value) {
    return patch_of(
        {{{"op", "add"}, {"path", "phoneNumbers"}, {"value", {{{"type", type}, {"value", value}}}}}}
    );
}

/// The number of that type in an answer; empty when there is none.
std::string phone_of(const json& user, const std::string& type) {
    for (const json& one : user.value("phoneNumbers", json::array())) {
        if (one.value("type", "") == type) {
            return one.value("value", "");
        }
    }
    return {};
}

/// Journal records about somebody, the newest first.
std::vector<json> records_about(const DaemonRig& daemon, const std::string& id) {
    std::vector<json> found;
    const auto result = daemon.command({"--json", "audit", "tail", "-n", "100"});
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) {
        if (line.find(id) != std::string::npos) {
            found.push_back(json::parse(line));
        }
    }
    return found;
}

double metric_of(const DaemonRig& daemon, const std::string& name) {
    const auto text = HttpClient(daemon.management_port()).send({"GET", "/metrics", {}, {}}).body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

void wait_for_echoes_at(const DaemonRig& daemon, double count) {
    wait_until("the echo", std::chrono::seconds(20), [&] {
        return metric_of(daemon, "bascule_write_back_confirmed_total") >= count;
    });
}

class PhoneWriteBack : public testing::Test {
  protected:
    PhoneWriteBack() {
        auto rules = SlapdRig::default_access();
        rules.insert(
            rules.begin(),
            "to attrs=mobile by dn.exact=\"" + SlapdRig::service_dn() + "\" write by * read"
        );
        rig.change_access(rules);
        rig.load_ldif(directory_ldif(20, 2));
        rig.start();
        rig.set(dn, "telephoneNumber", "+49 30 99");
    }
    void start(const std::string& lines = mobile_only, const std::string& more = {}) {
        daemon = std::make_unique<DaemonRig>(rig, lines, more);
        daemon->start();
        static_cast<void>(daemon->token());
        id = daemon->find("/Users", "userName eq \"" + user_uid(1) + "\"").at("id");
    }
    HttpAnswer patch(const json& body) const {
        return daemon->request("PATCH", "/scim/v2/Users/" + id, body);
    }
    json user() const { return daemon->request("GET", "/scim/v2/Users/" + id).json; }
    std::vector<json> records() const { return records_about(*daemon, id); }
    double metric(const std::string& name) const { return metric_of(*daemon, name); }
    void wait_for_echoes(double count) const { wait_for_echoes_at(*daemon, count); }

    SlapdRig rig;
    std::string dn = user_dn(1);
    std::unique_ptr<DaemonRig> daemon;
    std::string id;
};

TEST_F(PhoneWriteBack, ANumberGoesToTheDirectoryAndItsEchoIsNoChange) {
    start();
    const auto before = records().size();
    const auto added = patch(add_phone("mobile", "+49 (30) 123-4567"));
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(phone_of(added.json, "mobile"), "+49301234567");
    EXPECT_EQ(phone_of(added.json, "work"), "+49 30 99");
    EXPECT_THAT(rig.values(dn, "mobile"), ElementsAre("+49301234567"));
    wait_for_echoes(1);
    EXPECT_EQ(records().size(), before + 1);
    EXPECT_EQ(records().front().at("actor").value("kind", ""), "token");
    EXPECT_EQ(user().at("meta").at("version"), added.json.at("meta").at("version"));

    const auto replaced = patch(set_phone("mobile", "+49307654321"));
    ASSERT_EQ(replaced.status, 200) << replaced.body;
    EXPECT_THAT(rig.values(dn, "mobile"), ElementsAre("+49307654321"));
    const auto removed =
        patch(patch_of({{{"op", "remove"}, {"path", "phoneNumbers[type eq \"mobile\"]"}}}));
    ASSERT_EQ(removed.status, 200) << removed.body;
    EXPECT_THAT(rig.values(dn, "mobile"), IsEmpty());
    wait_for_echoes(3);
    EXPECT_EQ(records().size(), before + 3);
    EXPECT_EQ(phone_of(user(), "mobile"), "");
    EXPECT_EQ(phone_of(user(), "work"), "+49 30 99");
}

TEST_F(PhoneWriteBack, WhatIsNotWrittenBackIsRefusedWithItsMaster) {
    start();
    const auto work = patch(set_phone("work", "+49301"));
    EXPECT_EQ(work.status, 400);
    EXPECT_EQ(work.json.value("scimType", ""), "mutability");
    EXPECT_THAT(work.json.value("detail", ""), HasSubstr("Of type 'mobile' they are written"));
    const auto bad = patch(add_phone("mobile", "+49 call me"));
    EXPECT_EQ(bad.status, 400) << bad.body;
    EXPECT_THAT(bad.json.value("detail", ""), HasSubstr("is no phone number"));
    EXPECT_THAT(rig.values(dn, "mobile"), IsEmpty());
}

TEST_F(PhoneWriteBack, WithoutTheOptionEveryNumberIsMasteredElsewhere) {
    start("");
    EXPECT_EQ(patch(add_phone("mobile", "+49301234567")).status, 400);
    EXPECT_THAT(rig.values(dn, "mobile"), IsEmpty());
}

TEST_F(PhoneWriteBack, ADirectoryThatIsDownOrDeniesIsSaidAndNothingIsChanged) {
    start();
    rig.change_access(SlapdRig::default_access());
    const auto denied = patch(add_phone("mobile", "+49301234567"));
    EXPECT_EQ(denied.status, 403) << denied.body;
    EXPECT_THAT(denied.json.value("detail", ""), HasSubstr("bascule doctor"));
    rig.stop();
    const auto down = patch(add_phone("mobile", "+49301234567"));
    EXPECT_EQ(down.status, 503) << down.body;
    EXPECT_THAT(down.json.value("detail", ""), HasSubstr("was not changed"));
    EXPECT_EQ(phone_of(user(), "mobile"), "");
}

TEST_F(PhoneWriteBack, APutThatLeavesNumbersOutKeepsThem) {
    start();
    ASSERT_EQ(patch(add_phone("mobile", "+49301234567")).status, 200);
    const auto put = daemon->request(
        "PUT", "/scim/v2/Users/" + id,
        {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", user_uid(1)}}
    );
    EXPECT_EQ(put.status, 200) << put.body;
    EXPECT_EQ(phone_of(put.json, "mobile"), "+49301234567");
    EXPECT_THAT(rig.values(dn, "mobile"), ElementsAre("+49301234567"));
}

// The mirror of a generic server looks for changes once an hour here, so it does not know of them.
TEST_F(PhoneWriteBack, WhatSomebodyElseWroteMeanwhileIsNotOverwritten) {
    start(
        "    dialect: generic\n    poll: { interval: 1h, audit: 1h }\n" + std::string(mobile_only)
    );
    const auto added = patch(add_phone("mobile", "+49 30 1111111"));
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_THAT(rig.values(dn, "mobile"), ElementsAre("+49301111111"));
    EXPECT_EQ(phone_of(user(), "mobile"), "+49301111111");
    rig.set(dn, "mobile", "+49302222222");
    const auto late = patch(set_phone("mobile", "+49303333333"));
    EXPECT_EQ(late.status, 409) << late.body;
    EXPECT_THAT(late.json.value("detail", ""), HasSubstr("at the same moment"));
    EXPECT_THAT(rig.values(dn, "mobile"), ElementsAre("+49302222222"));
    EXPECT_EQ(phone_of(user(), "mobile"), "+49301111111");

    id = daemon->find("/Users", "userName eq \"" + user_uid(2) + "\"").at("id");
    rig.set(user_dn(2), "mobile", "+49302222222");
    const auto first = patch(add_phone("mobile", "+49303333333"));
    EXPECT_EQ(first.status, 409) << first.body;
    EXPECT_THAT(rig.values(user_dn(2), "mobile"), ElementsAre("+49302222222"));
}

TEST_F(PhoneWriteBack, PeopleChangeTheirOwnNumberWhereTheyMay) {
    start(mobile_only, "self_service: { account: { attributes: [phoneNumbers] } }\n");
    HttpClient client(daemon->port());
    const auto session = client.send(
        {"POST",
         "/api/v1/session",
         {{"Content-Type", "application/json"}, {"X-Bascule-Request", "1"}},
         json({{"userName", user_uid(1)}, {"password", user_password}}).dump()}
    );
    ASSERT_EQ(session.status, 200) << session.body;
    const auto cookie = session.header("set-cookie");
    const auto change = [&](const json& body) {
        return client.send(
            {"PATCH",
             "/scim/v2/Me",
             {{"Content-Type", "application/json"},
              {"X-Bascule-Request", "1"},
              {"Cookie", cookie.substr(0, cookie.find(';'))}},
             body.dump()}
        );
    };
    const auto changed = change(add_phone("mobile", "+49 30 1234567"));
    EXPECT_EQ(changed.status, 200) << changed.body;
    EXPECT_THAT(rig.values(dn, "mobile"), ElementsAre("+49301234567"));
    EXPECT_EQ(phone_of(user(), "mobile"), "+49301234567");
    EXPECT_EQ(records().front().at("actor").value("kind", ""), "user");
    const auto title =
        change(patch_of({{{"op", "replace"}, {"path", "title"}, {"value", "Boss"}}}));
    EXPECT_EQ(title.status, 403) << title.body;
}

/// A person who stands in two directories, of which both take numbers.
class PhoneOfTwoSources : public testing::Test {
  protected:
    PhoneOfTwoSources() {
        auto rules = SlapdRig::default_access();
        rules.insert(
            rules.begin(),
            "to attrs=mobile by dn.exact=\"" + SlapdRig::service_dn() + "\" write by * read"
        );
        for (SlapdRig* rig : {&first, &second}) {
            rig->change_access(rules);
            rig->load_ldif(base_ldif());
            rig->start();
        }
        first.modify(person("anna"));
        second.modify(person("anna", "title: Doctor\n"));
    }
    /// `lines` are more of the first source.
    void start(const std::string& lines = mobile_only) {
        daemon.set_sources(
            "sources:\n" + source_text(daemon, "first", access_to(first), lines) +
            source_text(
                daemon, "second", access_to(second),
                "    join: { users: [userName] }\n" + std::string(mobile_only)
            )
        );
        daemon.launch();
        daemon.wait_live({"first", "second"});
        static_cast<void>(daemon.token());
        wait_until("the join", std::chrono::seconds(20), [&] {
            return user().value("title", "") == "Doctor";
        });
    }
    json user() {
        const json found = daemon.find("/Users", "userName eq \"anna\"");
        return found.is_null() ? json::object() : found;
    }
    HttpAnswer patch(const json& body) {
        return daemon.request("PATCH", "/scim/v2/Users/" + user().value("id", ""), body);
    }
    void wait_for(const std::string& number) {
        wait_until("the number", std::chrono::seconds(20), [&] {
            return phone_of(user(), "mobile") == number;
        });
    }

    SlapdRig first;
    SlapdRig second;
    std::string dn = "uid=anna,ou=people," + std::string(rig_suffix);
    DaemonRig daemon;
};

TEST_F(PhoneOfTwoSources, ANumberGoesToTheOnlySourceWhoseMappingHasNumbers) {
    start("    users:\n      map:\n        phoneNumbers:\n");
    const auto added = patch(add_phone("mobile", "+49301234567"));
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(phone_of(added.json, "mobile"), "+49301234567");
    EXPECT_THAT(second.values(dn, "mobile"), ElementsAre("+49301234567"));
    EXPECT_THAT(first.values(dn, "mobile"), IsEmpty());
    first.set(dn, "title", "Nurse");
    wait_until("the title", std::chrono::seconds(20), [&] {
        return user().value("title", "") == "Nurse";
    });
    EXPECT_EQ(phone_of(user(), "mobile"), "+49301234567");
    second.set(dn, "mobile", "+49302222222");
    wait_for("+49302222222");
    const auto removed =
        patch(patch_of({{{"op", "remove"}, {"path", "phoneNumbers[type eq \"mobile\"]"}}}));
    ASSERT_EQ(removed.status, 200) << removed.body;
    EXPECT_THAT(second.values(dn, "mobile"), IsEmpty());
    EXPECT_EQ(phone_of(user(), "mobile"), "");
}

TEST_F(PhoneOfTwoSources, OfTwoThatHaveNumbersTheOneThatIsSeenTakesIt) {
    second.set(dn, "mobile", "+49302222222");
    start();
    wait_for("+49302222222");
    const auto changed = patch(set_phone("mobile", "+49303333333"));
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_THAT(second.values(dn, "mobile"), ElementsAre("+49303333333"));
    EXPECT_THAT(first.values(dn, "mobile"), IsEmpty());
}

TEST_F(PhoneOfTwoSources, WhereItIsNotClearWhoseANumberIsItIsRefusedInWords) {
    start();
    const auto added = patch(add_phone("mobile", "+49301234567"));
    EXPECT_EQ(added.status, 400) << added.body;
    EXPECT_THAT(added.json.value("detail", ""), HasSubstr("'first', 'second'"));
    EXPECT_THAT(first.values(dn, "mobile"), IsEmpty());
    EXPECT_THAT(second.values(dn, "mobile"), IsEmpty());
}

TEST_F(PhoneWriteBack, TheRoundTripIsShort) {
    start();
    ASSERT_EQ(patch(add_phone("mobile", "+49301234567")).status, 200);
    std::vector<double> times;
    constexpr int rounds = 100;
    for (int i = 0; i < rounds; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        ASSERT_EQ(patch(set_phone("mobile", fmt::format("+4930{:07}", i))).status, 200);
        times.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
                .count()
        );
    }
    // Of two changes in quick succession the directory may tell the last one only.
    wait_until("the last echo", std::chrono::seconds(20), [&] {
        return metric("bascule_write_back_open") == 0;
    });
    EXPECT_GT(metric("bascule_write_back_confirmed_total"), 0);
    std::ranges::sort(times);
    std::cout << fmt::format(
        "request p50 {:.1f} ms, p99 {:.1f} ms; longest confirmation {:.0f} ms\n", times[rounds / 2],
        times[rounds - 2], metric("bascule_write_back_confirmation_longest_seconds") * 1000
    );
}

/// A number is changed, taken away and added; the directory has each, one record tells of each, and
/// what the directory says of it afterwards changes nothing.
void expect_numbers_written_once(
    DaemonRig& daemon, const std::string& name, const std::string& type,
    const std::function<std::vector<std::string>()>& in_directory
) {
    const auto find = [&] { return daemon.find("/Users", "userName eq \"" + name + "\""); };
    const std::string id = find().at("id");
    const auto before = records_about(daemon, id).size();
    const auto path = "phoneNumbers[type eq \"" + type + "\"]";
    const std::vector<std::tuple<json, std::vector<std::string>, std::string>> changes{
        {set_phone(type, "+49 30 1234567"), {"+49301234567"}, "+49301234567"},
        {patch_of({{{"op", "remove"}, {"path", path}}}), {}, ""},
        {add_phone(type, "+49 (30) 7654321"), {"+49307654321"}, "+49307654321"}};
    std::size_t done = 0;
    for (const auto& [change, there, here] : changes) {
        const auto answer = daemon.request("PATCH", "/scim/v2/Users/" + id, change);
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(phone_of(answer.json, type), here);
        EXPECT_EQ(in_directory(), there);
        // One after the other: of two in quick succession the directory may tell the last only.
        wait_for_echoes_at(daemon, static_cast<double>(++done));
        const auto records = records_about(daemon, id);
        EXPECT_EQ(records.size(), before + done);
        EXPECT_EQ(records.front().at("actor").value("kind", ""), "token");
        EXPECT_EQ(find().at("meta").at("version"), answer.json.at("meta").at("version"));
        EXPECT_EQ(phone_of(find(), type), here);
    }
    EXPECT_EQ(metric_of(daemon, "bascule_write_back_open"), 0);
}

TEST(PhoneWriteBackDs389, ANumberGoesToTheDirectoryAndItsEchoIsNoChange) {
    Ds389Rig& rig = shared_ds389();
    const auto people = "ou=people," + Ds389Rig::suffix();
    const auto dn = "uid=leo," + people;
    rig.modify(fmt::format(
        "dn: {0}\nobjectClass: inetOrgPerson\nuid: leo\ncn: Leo\nsn: Leo\nmobile: +4930111\n\n"
        "dn: {1}\nchangetype: modify\nadd: aci\naci: (targetattr=\"mobile\")(version 3.0; acl "
        "\"phones\"; allow (write) userdn=\"ldap:///{2}\";)\n",
        dn, people, Ds389Rig::service_dn()
    ));
    DaemonRig daemon(
        {rig.ldap_uri(), Ds389Rig::suffix(), Ds389Rig::service_dn(), Ds389Rig::service_password()},
        mobile_only
    );
    daemon.start();
    static_cast<void>(daemon.token());
    expect_numbers_written_once(daemon, "leo", "mobile", [&] { return rig.values(dn, "mobile"); });
    EXPECT_EQ(daemon.stop(), 0);
    rig.clear();
}

TEST(PhoneWriteBackDomain, ANumberGoesToTheDirectoryAndItsEchoIsNoChange) {
    if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
        GTEST_SKIP() << obstacle;
    }
    SambaRig samba;
    samba.start();
    const auto dn = samba.add_user("leo", "Passw0rd-old", "telephoneNumber: +4930111\n");
    DaemonRig daemon(
        {samba.ldaps_uri(), SambaRig::people(), SambaRig::service_dn(),
         SambaRig::service_password()},
        "    ca: \"" + samba.ca_file() + "\"\n    write_back: { phone: [telephoneNumber] }\n"
    );
    daemon.start();
    static_cast<void>(daemon.token());
    expect_numbers_written_once(daemon, "leo@rig.test", "work", [&] {
        return samba.client().values(dn, "telephoneNumber");
    });
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace bascule::test

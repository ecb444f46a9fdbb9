#include <gtest/gtest.h>

#include "tests/integration/sources/source_text.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// How the servers name the same things.
struct Kind {
    DirectoryAccess access;
    std::string lines;
    std::function<void(const std::string&)> modify;
    std::string suffix;
    std::string people;
    std::string groups;
    std::string name_end;  ///< "@rig.test" where user names have it
};

class Bases : public ::testing::Test {
  protected:
    json user(const std::string& name) {
        return daemon_.find("/Users", "userName eq \"" + name + "\"");
    }
    void wait_user(const std::string& name, bool there) {
        wait_until(name + (there ? " to come" : " to go"), seconds(30), [&] {
            return user(name).is_object() == there;
        });
    }
    void serve(const Kind& kind) {
        daemon_.set_sources(
            "sources:\n" + source_text(
                               daemon_, "corp", kind.access,
                               kind.lines + "    bases: [\"" + kind.people + "\", \"" +
                                   kind.groups + "\"]\n    exclude: [\"ou=former," + kind.people +
                                   "\"]\n" + "    guard: { emptied: { percent: 100 } }\n"
                           )
        );
        daemon_.launch();
        daemon_.wait_live({"corp"});
        static_cast<void>(daemon_.token());
    }

    /// Entries and whole containers move in and out.
    void run_moves(
        const Kind& kind,
        const std::function<std::string(const std::string&, const std::string&)>& add,
        const std::string& rdn
    ) {
        const std::string outside = "ou=outside," + kind.suffix;
        const std::string former = "ou=former," + kind.people;
        for (const auto& dn : {outside, former, "ou=team," + kind.people}) {
            kind.modify("dn: " + dn + "\nobjectClass: organizationalUnit\n\n");
        }
        add("stays", kind.people);
        add("out", outside);
        add("old", former);
        add("inner", "ou=team," + kind.people);
        serve(kind);
        const auto name = [&](const std::string& uid) { return uid + kind.name_end; };
        wait_user(name("stays"), true);
        wait_user(name("inner"), true);
        EXPECT_TRUE(user(name("out")).is_null());
        EXPECT_TRUE(user(name("old")).is_null());
        const auto told = daemon_.command({"explain", rdn + "out," + outside});
        EXPECT_NE(told.output.find("outside the bases"), std::string::npos) << told.output;

        const auto move = [&](const std::string& what, const std::string& from,
                              const std::string& to) {
            kind.modify(
                "dn: " + what + "," + from + "\nchangetype: modrdn\nnewrdn: " + what +
                "\ndeleteoldrdn: 1\nnewsuperior: " + to + "\n\n"
            );
        };
        const std::string id = user(name("stays"))["id"];
        move(rdn + "stays", kind.people, outside);
        wait_user(name("stays"), false);
        move(rdn + "out", outside, kind.people);
        wait_user(name("out"), true);
        move(rdn + "stays", outside, "ou=team," + kind.people);
        wait_user(name("stays"), true);
        EXPECT_EQ(user(name("stays"))["id"], id);
        move("ou=team", kind.people, outside);
        wait_user(name("stays"), false);
        wait_user(name("inner"), false);
        EXPECT_TRUE(user(name("out")).is_object());
        move("ou=team", outside, kind.people);
        wait_user(name("inner"), true);
        EXPECT_EQ(user(name("stays"))["id"], id);
        move("ou=team", kind.people, former);
        wait_user(name("inner"), false);
        daemon_.wait_live({"corp"});
        EXPECT_EQ(daemon_.status_of("corp").value("held", -1), 0);
    }

    DaemonRig daemon_;
};

TEST_F(Bases, MovesAcrossThemAreFollowedOnSlapd) {
    SlapdRig slapd;
    slapd.load_ldif(base_ldif());
    slapd.start();
    const Kind kind{
        access_to(slapd),
        {},
        [&](const std::string& ldif) { slapd.modify(ldif); },
        SlapdRig::suffix(),
        "ou=people," + SlapdRig::suffix(),
        "ou=groups," + SlapdRig::suffix(),
        {}};
    run_moves(
        kind,
        [&](const std::string& uid, const std::string& container) {
            slapd.modify(person(uid, {}, container));
            return uid;
        },
        "uid="
    );
}

TEST_F(Bases, MovesAcrossThemAreFollowedOn389) {
    Ds389Rig& ds389 = shared_ds389();
    ds389.clear();
    const Kind kind{
        access_to(ds389),
        {},
        [&](const std::string& ldif) { ds389.modify(ldif); },
        Ds389Rig::suffix(),
        "ou=people," + Ds389Rig::suffix(),
        "ou=groups," + Ds389Rig::suffix(),
        {}};
    run_moves(
        kind,
        [&](const std::string& uid, const std::string& container) {
            ds389.modify(person(uid, {}, container));
            return uid;
        },
        "uid="
    );
}

TEST_F(Bases, MovesAcrossThemAreFollowedOnSamba) {
    if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
        GTEST_SKIP() << obstacle;
    }
    SambaRig samba;
    samba.start();
    const Kind kind{
        access_to(samba),
        "    ca: " + samba.ca_file() + "\n",
        [&](const std::string& ldif) { samba.modify(ldif); },
        SambaRig::suffix(),
        SambaRig::people(),
        SambaRig::groups(),
        "@rig.test"};
    run_moves(
        kind,
        [&](const std::string& uid, const std::string& container) {
            samba.modify(
                "dn: CN=" + uid + "," + container + "\nobjectClass: user\nsAMAccountName: " + uid +
                "\nuserPrincipalName: " + uid + "@rig.test\n\n"
            );
            return uid;
        },
        "CN="
    );
}

TEST_F(Bases, AccountThatSeesNothingElseIsEnough) {
    SlapdRig slapd;
    slapd.load_ldif(base_ldif());
    slapd.start();
    slapd.modify(person("anna"));
    const std::string suffix = SlapdRig::suffix();
    const std::string service = "by dn.exact=\"" + SlapdRig::service_dn() + "\"";
    slapd.change_access(
        {"to dn.subtree=\"ou=services," + suffix + "\" by anonymous auth by * none",
         "to dn.subtree=\"ou=people," + suffix + "\" " + service + " read by * none",
         "to dn.subtree=\"ou=groups," + suffix + "\" " + service + " read by * none",
         "to dn.base=\"" + suffix + "\" " + service + " read by * none", "to * by * none"}
    );
    const Kind kind{access_to(slapd),      {}, {}, suffix, "ou=people," + suffix,
                    "ou=groups," + suffix, {}};
    serve(kind);
    wait_user("anna", true);
    slapd.modify(person("bert"));
    wait_user("bert", true);
}

TEST_F(Bases, KindsMayHaveTheirOwn) {
    SlapdRig slapd;
    slapd.load_ldif(base_ldif());
    slapd.start();
    slapd.modify(person("anna"));
    slapd.modify(person("robot", {}, "ou=groups," + SlapdRig::suffix()));
    slapd.modify(group("staff", {"uid=anna,ou=people," + SlapdRig::suffix()}));
    daemon_.set_sources(
        "sources:\n" +
        source_text(
            daemon_, "corp", access_to(slapd),
            "    users: { base: \"ou=people," + SlapdRig::suffix() +
                "\" }\n    groups: { base: \"ou=groups," + SlapdRig::suffix() + "\" }\n"
        )
    );
    daemon_.launch();
    daemon_.wait_live({"corp"});
    static_cast<void>(daemon_.token());
    EXPECT_TRUE(user("anna").is_object());
    EXPECT_TRUE(user("robot").is_null());
    EXPECT_TRUE(daemon_.find("/Groups", "displayName eq \"staff\"").is_object());
}

TEST_F(Bases, OneOutsideOfWhatIsReadIsRefused) {
    daemon_.set_sources(
        "sources:\n" + source_text(
                           daemon_, "corp",
                           {"ldap://127.0.0.1:1", "dc=rig,dc=test", "cn=x,dc=rig,dc=test", "x"},
                           "    bases: [\"ou=people,dc=other,dc=test\"]\n"
                       )
    );
    const auto checked = run_program({BASCULE_PROGRAM, "check", daemon_.configuration()});
    EXPECT_EQ(checked.exit_code, 1);
    EXPECT_NE(checked.output.find("make it a second source"), std::string::npos) << checked.output;
}

}  // namespace
}  // namespace bascule::test

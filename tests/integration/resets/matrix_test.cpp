// What managers and people are told over HTTP when a directory takes or refuses a password: each
// situation on 389 Directory Server and on Samba, with the directory's count of failures. A change
// by somebody who was disabled is not here: the mirror ends the session.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <set>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/ds389_rig.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;

constexpr const char* first_password = "Fresh-Word-1";
constexpr const char* next_password = "Other-Term-2";

/// A person who is signed in.
class Session {
  public:
    Session(const DaemonRig& daemon, const std::string& name, const std::string& password)
        : client_(daemon.port()) {
        const auto answer = post("/api/v1/session", {{"userName", name}, {"password", password}});
        signed_in_ = answer.status == 200;
        must_change_ = signed_in_ && answer.json.value("mustChange", false);
        const auto cookie = answer.header("set-cookie");
        cookie_ = cookie.substr(0, cookie.find(';'));
        if (!signed_in_) {
            throw std::runtime_error(name + " cannot sign in: " + answer.body);
        }
    }
    HttpAnswer post(const std::string& target, const json& body) {
        return client_.send(
            {"POST",
             target,
             {{"Content-Type", "application/json"},
              {"X-Bascule-Request", "1"},
              {"Cookie", cookie_}},
             body.dump()}
        );
    }
    HttpAnswer get(const std::string& target) {
        return client_.send({"GET", target, {{"Cookie", cookie_}}, {}});
    }
    [[nodiscard]] bool must_change() const { return must_change_; }

  private:
    HttpClient client_;
    std::string cookie_;
    bool signed_in_ = false;
    bool must_change_ = false;
};

/// One row: what is done, what is expected, and what the directory is like meanwhile.
struct Situation {
    std::string name;
    bool is_reset = true;  ///< by the manager; else by the person
    std::string old_password = first_password;
    std::string new_password = next_password;
    std::string code;  ///< "ok", or the refusal
    /// Brings the directory into the state; gets the person's DN.
    std::function<void(const std::string&)> prepare = [](const std::string&) {};
    /// Puts it back.
    std::function<void()> restore = [] {};
    int more_failures = 0;  ///< that the attempt adds to the directory's count
};

/// Refusals that say no more than that the directory did not want it.
bool is_specific(const std::string& code) {
    static const std::set<std::string> vague{
        "directory_constraint", "directory_error", "directory_refused", "internal", "refused", ""};
    return !vague.contains(code);
}

class Matrix {
  public:
    using AddPerson = std::function<std::string(const std::string& name)>;
    using Failures = std::function<int(const std::string& dn)>;
    /// `suffix` makes a name a userName.
    Matrix(
        std::string server, DaemonRig& daemon, AddPerson add, Failures failures,
        std::string suffix = {}
    )
        : server_(std::move(server)),
          suffix_(std::move(suffix)),
          daemon_(daemon),
          add_(std::move(add)),
          failures_(std::move(failures)) {
        static_cast<void>(daemon_.token());  // for looking people up
        add_("mira");
        wait_for("mira");
        const auto role =
            daemon_.command({"role", "assign", "User Administrator", "mira" + suffix_});
        if (role.exit_code != 0) {
            throw std::runtime_error(role.output);
        }
        manager_ = std::make_unique<Session>(daemon_, "mira" + suffix_, first_password);
    }

    void run(const Situation& situation) {
        const std::string name = fmt::format("p{}", ++count_);
        const std::string dn = add_(name);
        const std::string id = wait_for(name);
        std::unique_ptr<Session> person;
        if (!situation.is_reset) {
            person = std::make_unique<Session>(daemon_, name + suffix_, first_password);
        }
        situation.prepare(dn);
        const int before = failures_(dn);
        const HttpAnswer answer =
            situation.is_reset
                ? manager_->post(
                      "/api/v1/staff/users/" + id + "/reset-password",
                      {{"newPassword", situation.new_password}}
                  )
                : person->post(
                      "/api/v1/account/change-password", {{"oldPassword", situation.old_password},
                                                          {"newPassword", situation.new_password}}
                  );
        const int after = settled(dn, before + situation.more_failures);
        situation.restore();
        note(situation, answer, before, after);
    }
    /// The person's page of rules, for what is said beforehand.
    HttpAnswer rules(const std::string& id) {
        return manager_->get("/api/v1/staff/users/" + id + "/password-policy");
    }
    Session& manager() { return *manager_; }
    std::string wait_for(const std::string& name) {
        std::string id;
        wait_until("the mirror of " + name, std::chrono::seconds(60), [&] {
            const auto found = daemon_.find("/Users", "userName eq \"" + name + suffix_ + "\"");
            id = found.is_null() ? "" : found.value("id", "");
            return !id.empty();
        });
        return id;
    }
    /// At least 95 of 100 refusals name the rule that failed.
    void expect_specific() const {
        ASSERT_GT(refusals_, 0);
        std::cout << fmt::format(
            "{}: {} of {} refusals name a specific cause\n", server_, specific_, refusals_
        );
        EXPECT_GE(specific_ * 100, refusals_ * 95);
    }

  private:
    /// A server may answer before it has written its own notes of an attempt.
    [[nodiscard]] int settled(const std::string& dn, int expected) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        int count = failures_(dn);
        while (count != expected && std::chrono::steady_clock::now() < end) {
            pause_briefly();
            count = failures_(dn);
        }
        return count;
    }
    void note(const Situation& situation, const HttpAnswer& answer, int before, int after) {
        const std::string code = answer.status == 200 ? "ok" : answer.json.value("code", "");
        std::cout << fmt::format(
            "{:<8} {:<28} {} {:<24} failures {} to {}  {}\n", server_, situation.name,
            answer.status, code, before, after, answer.json.value("detail", "")
        );
        EXPECT_EQ(code, situation.code) << server_ << ": " << situation.name << "\n" << answer.body;
        EXPECT_EQ(after - before, situation.more_failures) << server_ << ": " << situation.name;
        EXPECT_FALSE(answer.json.value("detail", "").empty()) << situation.name;
        if (code != "ok") {
            ++refusals_;
            specific_ += is_specific(code) ? 1 : 0;
        }
    }

    std::string server_;
    std::string suffix_;
    DaemonRig& daemon_;
    AddPerson add_;
    Failures failures_;
    std::unique_ptr<Session> manager_;
    int count_ = 0;
    int refusals_ = 0;
    int specific_ = 0;
};

int number_of(const std::vector<std::string>& values) {
    return values.empty() ? 0 : std::stoi(values.front());
}

class Matrix389 : public testing::Test {
  protected:
    void SetUp() override {
        rig.configure({"passwordCheckSyntax",
                       "on",
                       "passwordMinLength",
                       "8",
                       "passwordHistory",
                       "on",
                       "passwordInHistory",
                       "3",
                       "passwordLockout",
                       "on",
                       "passwordMaxFailure",
                       "3",
                       "passwordMustChange",
                       "on",
                       "passwordIsGlobalPolicy",
                       "on",
                       "passwordMinAge",
                       "0",
                       "nsslapd-pwpolicy-local",
                       "off",
                       "passwordResetFailureCount",
                       "600"});
    }
    void TearDown() override { rig.clear(); }
    [[nodiscard]] std::string add(const std::string& name) const {
        const auto dn = fmt::format("uid={},ou=people,{}", name, Ds389Rig::suffix());
        // Else an account that the administrator makes must change its password first.
        rig.configure({"passwordMustChange", "off"});
        rig.modify(fmt::format(
            "dn: {}\nobjectClass: inetOrgPerson\nuid: {}\ncn: Zq\nsn: Zq\nuserPassword: {}\n", dn,
            name, first_password
        ));
        rig.configure({"passwordMustChange", "on"});
        return dn;
    }
    void fail_three_times(const std::string& dn) const {
        for (int i = 0; i < 3; ++i) {
            static_cast<void>(rig.client().bind(dn, "wrong"));
        }
    }
    [[nodiscard]] static DirectoryAccess access(const std::string& server) {
        return {server, Ds389Rig::suffix(), Ds389Rig::service_dn(), Ds389Rig::service_password()};
    }
    [[nodiscard]] std::vector<Situation> situations() const {
        const auto disable = [this](const std::string& dn) {
            rig.set(dn, "nsAccountLock", "true");
        };
        const auto lock = [this](const std::string& dn) { fail_three_times(dn); };
        const auto young = [this](const std::string& dn) {
            rig.modify(fmt::format(
                "dn: {}\nchangetype: modify\nreplace: passwordAllowChangeTime\n"
                "passwordAllowChangeTime: 20990101000000Z\n",
                dn
            ));
            rig.configure({"passwordMinAge", "3600"});
        };
        const auto old_again = [this] { rig.configure({"passwordMinAge", "0"}); };
        const auto deny = [this](const std::string& dn) {
            rig.modify(fmt::format(
                "dn: {}\nchangetype: modify\nadd: aci\naci: (targetattr=\"userPassword\")(version "
                "3.0; acl \"protected\"; deny (write) userdn=\"ldap:///{}\";)\n",
                dn, Ds389Rig::service_dn()
            ));
        };
        return {
            {.name = "reset", .code = "ok"},
            {.name = "reset, too short", .new_password = "shrt1", .code = "password_too_short"},
            {.name = "reset, too simple",
             .new_password = "allsmallletters",
             .code = "password_quality"},
            {.name = "reset, the present one",
             .new_password = first_password,
             .code = "password_in_history"},
            {.name = "reset, too young",
             .code = "password_too_young",
             .prepare = young,
             .restore = old_again},
            {.name = "reset, locked", .code = "ok", .prepare = lock, .more_failures = -3},
            {.name = "reset, disabled", .code = "account_disabled", .prepare = disable},
            {.name = "reset, no right", .code = "directory_denied", .prepare = deny},
            {.name = "change", .is_reset = false, .code = "ok"},
            {.name = "change, wrong old",
             .is_reset = false,
             .old_password = "wrong-word",
             .code = "wrong_password",
             .more_failures = 1},
            {.name = "change, too short",
             .is_reset = false,
             .new_password = "shrt1",
             .code = "password_too_short"},
            {.name = "change, too simple",
             .is_reset = false,
             .new_password = "allsmallletters",
             .code = "password_quality"},
            {.name = "change, the present one",
             .is_reset = false,
             .new_password = first_password,
             .code = "password_in_history"},
            {.name = "change, too young",
             .is_reset = false,
             .code = "password_too_young",
             .prepare = young,
             .restore = old_again},
            {.name = "change, locked",
             .is_reset = false,
             .code = "account_locked",
             .prepare = lock},
        };
    }

    Ds389Rig& rig = shared_ds389();
};

TEST_F(Matrix389, EveryRefusalNamesItsCause) {
    DaemonRig daemon(access(rig.ldaps_uri()), "    ca: \"" + rig.ca_file() + "\"\n");
    daemon.start();
    Matrix matrix(
        "389ds", daemon, [this](const std::string& name) { return add(name); },
        [this](const std::string& dn) { return number_of(rig.values(dn, "passwordRetryCount")); }
    );
    for (const auto& situation : situations()) {
        matrix.run(situation);
    }
    matrix.expect_specific();
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Matrix389, AResetThatMustBeChangedIsAndOneThatNeedNotIsTold) {
    DaemonRig daemon(access(rig.ldaps_uri()), "    ca: \"" + rig.ca_file() + "\"\n");
    daemon.start();
    Matrix matrix(
        "389ds", daemon, [this](const std::string& name) { return add(name); },
        [](const std::string&) { return 0; }
    );
    static_cast<void>(add("leo"));
    const std::string id = matrix.wait_for("leo");
    const auto reset = [&](const std::string& password) {
        return matrix.manager()
            .post("/api/v1/staff/users/" + id + "/reset-password", {{"newPassword", password}})
            .json;
    };
    EXPECT_EQ(matrix.rules(id).json.at("mustChange"), true);
    EXPECT_EQ(reset("Third-Word-3").at("mustChange"), true);
    Session leo(daemon, "leo", "Third-Word-3");
    EXPECT_TRUE(leo.must_change());
    EXPECT_EQ(
        leo.post(
               "/api/v1/account/change-password",
               {{"oldPassword", "Third-Word-3"}, {"newPassword", "Own-Choice-4"}}
        ).status,
        200
    );
    rig.configure({"passwordMustChange", "off"});
    const auto rules = matrix.rules(id).json;
    EXPECT_EQ(rules.at("mustChange"), false);
    EXPECT_THAT(
        rules.at("rules").back().get<std::string>(),
        testing::HasSubstr("cannot be told that the person must change")
    );
    const auto answer = reset("Fifth-Word-5");
    EXPECT_EQ(answer.at("mustChange"), false);
    EXPECT_THAT(
        answer.at("detail").get<std::string>(),
        testing::HasSubstr("The directory could not be told that the person must change")
    );
    EXPECT_FALSE(Session(daemon, "leo", "Fifth-Word-5").must_change());
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Matrix389, WithoutEncryptionNothingIsSent) {
    DaemonRig daemon(access(rig.ldap_uri()));
    daemon.start();
    Matrix matrix(
        "389ds", daemon, [this](const std::string& name) { return add(name); },
        [](const std::string&) { return 0; }
    );
    matrix.run({.name = "reset, no TLS", .code = "directory_insecure"});
    EXPECT_EQ(daemon.stop(), 0);
}

class MatrixSamba : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba = std::make_unique<SambaRig>();
        samba->start();
        policy("minPwdAge", "0");
        policy("lockoutThreshold", "3");
    }
    void policy(std::string_view attribute, std::string_view value) const {
        samba->set(SambaRig::suffix(), attribute, value);
    }
    [[nodiscard]] std::vector<Situation> situations() const {
        const auto disable = [this](const std::string& dn) {
            samba->set(dn, "userAccountControl", "514");
        };
        const auto expire = [this](const std::string& dn) {
            samba->set(dn, "accountExpires", SambaRig::ticks_after(-60));
        };
        const auto lock = [this](const std::string& dn) {
            for (int i = 0; i < 4; ++i) {
                static_cast<void>(samba->bind_failure(dn, "wrong"));
            }
        };
        const auto protect = [this](const std::string& dn) { samba->set(dn, "adminCount", "1"); };
        const auto young = [this](const std::string&) { policy("minPwdAge", "-864000000000"); };
        const auto old_again = [this] { policy("minPwdAge", "0"); };
        return {
            {.name = "reset", .code = "ok"},
            {.name = "reset, too short", .new_password = "Aa1-x", .code = "password_too_short"},
            {.name = "reset, too simple",
             .new_password = "onlysmallletters",
             .code = "password_quality"},
            {.name = "reset, the present one", .new_password = first_password, .code = "ok"},
            {.name = "reset, too young", .code = "ok", .prepare = young, .restore = old_again},
            {.name = "reset, locked", .code = "ok", .prepare = lock},
            {.name = "reset, disabled", .code = "account_disabled", .prepare = disable},
            {.name = "reset, expired", .code = "account_expired", .prepare = expire},
            {.name = "reset, protected", .code = "directory_denied", .prepare = protect},
            {.name = "change", .is_reset = false, .code = "ok"},
            {.name = "change, wrong old",
             .is_reset = false,
             .old_password = "wrong-word",
             .code = "wrong_password",
             .more_failures = 1},
            {.name = "change, too short",
             .is_reset = false,
             .new_password = "Aa1-x",
             .code = "password_too_short"},
            {.name = "change, too simple",
             .is_reset = false,
             .new_password = "onlysmallletters",
             .code = "password_quality"},
            {.name = "change, the present one",
             .is_reset = false,
             .new_password = first_password,
             .code = "password_in_history"},
            {.name = "change, too young",
             .is_reset = false,
             .code = "password_too_young",
             .prepare = young,
             .restore = old_again},
            {.name = "change, locked",
             .is_reset = false,
             .code = "account_locked",
             .prepare = lock},
        };
    }

    std::unique_ptr<SambaRig> samba;
};

TEST_F(MatrixSamba, EveryRefusalNamesItsCause) {
    DaemonRig daemon(
        {samba->ldaps_uri(), SambaRig::people(), SambaRig::service_dn(),
         SambaRig::service_password()},
        "    ca: \"" + samba->ca_file() + "\"\n"
    );
    daemon.start();
    Matrix matrix(
        "samba", daemon,
        [this](const std::string& name) { return samba->add_user(name, first_password); },
        [this](const std::string& dn) {
            return number_of(samba->client().values(dn, "badPwdCount"));
        },
        "@rig.test"
    );
    for (const auto& situation : situations()) {
        matrix.run(situation);
    }
    matrix.expect_specific();
    const std::string id = matrix.wait_for("p1");
    EXPECT_EQ(matrix.rules(id).json.at("mustChange"), true);
    EXPECT_EQ(matrix.rules(id).json.at("enforcedOnReset"), false);
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace bascule::test

#include "tests/integration/resets/matrix.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <set>

namespace bascule::test {

using nlohmann::json;

namespace {

/// Refusals that say no more than that the directory did not want it.
bool is_specific(const std::string& code) {
    static const std::set<std::string> vague{
        "directory_constraint", "directory_error", "directory_refused", "internal", "refused", ""};
    return !vague.contains(code);
}

HttpAnswer change(Session& person, const std::string& from, const std::string& to) {
    return person.post(
        "/api/v1/account/change-password", {{"oldPassword", from}, {"newPassword", to}}
    );
}

}  // namespace

Session::Session(const DaemonRig& daemon, const std::string& name, const std::string& password)
    : client_(daemon.port()) {
    const auto answer = post("/api/v1/session", {{"userName", name}, {"password", password}});
    if (answer.status != 200) {
        throw std::runtime_error(name + " cannot sign in: " + answer.body);
    }
    must_change_ = answer.json.value("mustChange", false);
    const auto cookie = answer.header("set-cookie");
    cookie_ = cookie.substr(0, cookie.find(';'));
}

HttpAnswer Session::post(const std::string& target, const json& body) {
    return client_.send(
        {"POST",
         target,
         {{"Content-Type", "application/json"}, {"X-Bascule-Request", "1"}, {"Cookie", cookie_}},
         body.dump()}
    );
}

HttpAnswer Session::get(const std::string& target) {
    return client_.send({"GET", target, {{"Cookie", cookie_}}, {}});
}

Matrix::Matrix(
    std::string server, DaemonRig& daemon, AddPerson add, Failures failures, std::string suffix
)
    : server_(std::move(server)),
      suffix_(std::move(suffix)),
      daemon_(daemon),
      add_(std::move(add)),
      failures_(std::move(failures)) {
    static_cast<void>(daemon_.token());  // for looking people up
    add_("mira");
    wait_for("mira");
    const auto role = daemon_.command({"role", "assign", "User Administrator", "mira" + suffix_});
    if (role.exit_code != 0) {
        throw std::runtime_error(role.output);
    }
    manager_ = std::make_unique<Session>(daemon_, "mira" + suffix_, first_password);
}

void Matrix::run(const Situation& situation) {
    const std::string name = fmt::format("p{}", ++count_);
    const std::string dn = add_(name);
    const std::string id = wait_for(name);
    const auto person = begin(situation, name, id);
    run_for(situation, dn, id, person.get());
}

void Matrix::run_for(
    const Situation& situation, const std::string& dn, const std::string& id, Session* person
) {
    const std::string present =
        situation.before == Before::nothing ? first_password : middle_password;
    situation.prepare(dn);
    const int before = failures_(dn);
    const HttpAnswer answer =
        situation.is_reset
            ? reset(id, situation.new_password)
            : change(
                  *person, situation.old_password.empty() ? present : situation.old_password,
                  situation.new_password
              );
    const int after = settled(dn, before + situation.more_failures);
    situation.restore();
    note(situation, answer, before, after);
}

/// Brings the person's password to where the situation starts.
std::unique_ptr<Session> Matrix::begin(
    const Situation& situation, const std::string& name, const std::string& id
) {
    const std::string user_name = name + suffix_;
    if (situation.before == Before::nothing) {
        return situation.is_reset ? nullptr
                                  : std::make_unique<Session>(daemon_, user_name, first_password);
    }
    if (situation.before == Before::changed) {
        auto person = std::make_unique<Session>(daemon_, user_name, first_password);
        const auto answer = change(*person, first_password, middle_password);
        EXPECT_EQ(answer.status, 200) << situation.name << "\n" << answer.body;
        return person;
    }
    const auto answer = reset(id, middle_password);
    EXPECT_EQ(answer.status, 200) << situation.name << "\n" << answer.body;
    auto person = std::make_unique<Session>(daemon_, user_name, middle_password);
    EXPECT_EQ(person->must_change(), situation.before == Before::must_change) << situation.name;
    return person;
}

HttpAnswer Matrix::rules(const std::string& id) {
    return manager_->get("/api/v1/staff/users/" + id + "/password-policy");
}

HttpAnswer Matrix::reset(const std::string& id, const std::string& password) {
    return manager_->post(
        "/api/v1/staff/users/" + id + "/reset-password", {{"newPassword", password}}
    );
}

std::string Matrix::wait_for(const std::string& name) {
    std::string id;
    wait_until("the mirror of " + name, std::chrono::seconds(60), [&] {
        const auto found = daemon_.find("/Users", "userName eq \"" + name + suffix_ + "\"");
        id = found.is_null() ? "" : found.value("id", "");
        return !id.empty();
    });
    return id;
}

void Matrix::expect_specific() const {
    ASSERT_GT(refusals_, 0);
    std::cout << fmt::format(
        "{}: {} of {} refusals name a specific cause\n", server_, specific_, refusals_
    );
    EXPECT_GE(specific_ * 100, refusals_ * 95);
}

/// A server may answer before it has written its own notes of an attempt.
int Matrix::settled(const std::string& dn, int expected) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    int count = failures_(dn);
    while (count != expected && std::chrono::steady_clock::now() < end) {
        pause_briefly();
        count = failures_(dn);
    }
    return count;
}

void Matrix::note(const Situation& situation, const HttpAnswer& answer, int before, int after) {
    const std::string code = answer.status == 200 ? "ok" : answer.json.value("code", "");
    const std::string detail = answer.json.value("detail", "");
    std::cout << fmt::format(
        "{:<8} {:<28} {} {:<24} failures {} to {}  {}\n", server_, situation.name, answer.status,
        code, before, after, detail
    );
    EXPECT_EQ(code, situation.code) << server_ << ": " << situation.name << "\n" << answer.body;
    EXPECT_THAT(detail, testing::HasSubstr(situation.sentence)) << situation.name;
    EXPECT_EQ(after - before, situation.more_failures) << server_ << ": " << situation.name;
    EXPECT_FALSE(detail.empty()) << situation.name;
    if (code != "ok") {
        ++refusals_;
        specific_ += is_specific(code) ? 1 : 0;
    }
}

int number_of(const std::vector<std::string>& values) {
    return values.empty() ? 0 : std::stoi(values.front());
}

}  // namespace bascule::test

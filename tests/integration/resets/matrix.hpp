#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {

inline constexpr const char* first_password = "Fresh-Word-1";
inline constexpr const char* middle_password = "Middle-Part-5";
inline constexpr const char* next_password = "Other-Term-2";

/// A person who is signed in.
class Session {
  public:
    /// Throws std::runtime_error when the daemon refuses the sign-in.
    Session(const DaemonRig& daemon, const std::string& name, const std::string& password);
    HttpAnswer post(const std::string& target, const nlohmann::json& body);
    HttpAnswer get(const std::string& target);
    /// Whether the sign-in told that the password must be changed.
    [[nodiscard]] bool must_change() const { return must_change_; }

  private:
    HttpClient client_;
    std::string cookie_;
    bool must_change_ = false;
};

/// What happened to the person's password before a row: then it is `middle_password`.
enum class Before {
    nothing,      ///< it is `first_password`
    changed,      ///< the person changed it
    reset,        ///< the manager reset it, and the person signed in with that one
    must_change,  ///< the same, and the sign-in told that it must be changed
};

/// One row: what is done, what is expected, and what the directory is like meanwhile.
struct Situation {
    std::string name;
    bool is_reset = true;  ///< by the manager; else by the person
    Before before = Before::nothing;
    std::string old_password = {};  ///< empty: the present one
    std::string new_password = next_password;
    std::string code;           ///< "ok", or the refusal
    std::string sentence = {};  ///< a part of what the answer says
    /// Brings the directory into the state; gets the person's DN.
    std::function<void(const std::string&)> prepare = [](const std::string&) {};
    /// Puts it back.
    std::function<void()> restore = [] {};
    int more_failures = 0;  ///< that the attempt adds to the directory's count
};

/// What managers and people are told over HTTP when a directory takes or refuses a password: each
/// situation has a person of its own, and the directory's count of that person's failures is
/// compared before and after.
class Matrix {
  public:
    /// Adds a person with `first_password` to the directory and returns the DN.
    using AddPerson = std::function<std::string(const std::string& name)>;
    using Failures = std::function<int(const std::string& dn)>;
    /// `suffix` makes a name a userName.
    Matrix(
        std::string server, DaemonRig& daemon, AddPerson add, Failures failures,
        std::string suffix = {}
    );

    void run(const Situation& situation);
    /// The same for somebody who was added, and signed in, earlier.
    void run_for(
        const Situation& situation, const std::string& dn, const std::string& id, Session* person
    );
    /// The person's page of rules, for what is said beforehand.
    HttpAnswer rules(const std::string& id);
    HttpAnswer reset(const std::string& id, const std::string& password);
    Session& manager() { return *manager_; }
    /// The SCIM id of a person, once the mirror has it.
    std::string wait_for(const std::string& name);
    /// At least 95 of 100 refusals name the rule that failed.
    void expect_specific() const;

  private:
    [[nodiscard]] int settled(const std::string& dn, int expected) const;
    std::unique_ptr<Session> begin(
        const Situation& situation, const std::string& name, const std::string& id
    );
    void note(const Situation& situation, const HttpAnswer& answer, int before, int after);

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

/// The first value as a number; zero when there is none.
int number_of(const std::vector<std::string>& values);

}  // namespace bascule::test

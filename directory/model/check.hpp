#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::directory {

enum class Verdict : std::uint8_t {
    good,
    advice,  ///< works, and could be better
    bad,     ///< something that is configured does not work or is not safe
};

/// "ok", "advice", "FAIL".
[[nodiscard]] constexpr std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::good:
            return "ok";
        case Verdict::advice:
            return "advice";
        case Verdict::bad:
            return "FAIL";
    }
    return "FAIL";
}

/// What mends a finding.
struct Remedy {
    std::string sentence;
    /// Lines of a command or a file, in the other side's own syntax, with its own names filled in:
    /// to be used as they stand.
    std::vector<std::string> lines;
};

/// One thing that was looked at.
struct Check {
    std::string name;     ///< stable, snake_case: "change_feed"
    std::string place;    ///< "corp", "store"
    std::string subject;  ///< for people: what was looked at
    std::string finding;  ///< for people: how it is
    Verdict verdict = Verdict::good;
    Remedy remedy;  ///< empty when all is well
};

/// The checks of one place, in the order in which they were made.
class Findings {
  public:
    explicit Findings(std::string place) : place_(std::move(place)) {}

    void good(std::string name, std::string subject, std::string finding) {
        add(std::move(name), std::move(subject), std::move(finding), Verdict::good, {});
    }
    void advise(std::string name, std::string subject, std::string finding, Remedy remedy) {
        add(std::move(name), std::move(subject), std::move(finding), Verdict::advice,
            std::move(remedy));
    }
    void bad(std::string name, std::string subject, std::string finding, Remedy remedy) {
        add(std::move(name), std::move(subject), std::move(finding), Verdict::bad,
            std::move(remedy));
    }
    [[nodiscard]] std::vector<Check> take() { return std::move(checks_); }

  private:
    void add(
        std::string name, std::string subject, std::string finding, Verdict verdict, Remedy remedy
    ) {
        checks_.push_back(
            {std::move(name), place_, std::move(subject), std::move(finding), verdict,
             std::move(remedy)}
        );
    }

    std::string place_;
    std::vector<Check> checks_;
};

}  // namespace bascule::directory

#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "connectors/ldap/examination/examination.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::test {

/// What an examination found, with what tests ask of it.
class Checkup {
  public:
    explicit Checkup(const ldap::ExaminationOptions& options) {
        checks_ = ldap::examine_source(options, product_registry());
    }

    [[nodiscard]] std::vector<directory::Check> all(const std::string& name) const {
        std::vector<directory::Check> found;
        std::ranges::copy_if(checks_, std::back_inserter(found), [&](const auto& check) {
            return check.name == name;
        });
        return found;
    }
    /// The only check of this name; an empty one when there is none or several.
    [[nodiscard]] directory::Check one(const std::string& name) const {
        auto found = all(name);
        return found.size() == 1 ? std::move(found.front()) : directory::Check{};
    }
    [[nodiscard]] std::string verdict(const std::string& name) const {
        const auto found = all(name);
        return found.empty() ? "none" : std::string(to_string(found.front().verdict));
    }
    /// Names and findings of everything that is bad.
    [[nodiscard]] std::vector<std::string> faults() const {
        std::vector<std::string> found;
        for (const auto& check : checks_) {
            if (check.verdict == directory::Verdict::bad) {
                found.push_back(check.name + ": " + check.finding);
            }
        }
        return found;
    }
    [[nodiscard]] static std::string text(const directory::Check& check) {
        std::string text;
        for (const auto& line : check.remedy.lines) {
            text += line + "\n";
        }
        return text;
    }

  private:
    std::vector<directory::Check> checks_;
};

}  // namespace bascule::test

#include "connectors/ldap/dialects/ds389/password_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "connectors/ldap/policy_reader.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::seconds;

// What the server takes where a policy says nothing.
constexpr std::uint32_t default_length = 8;
constexpr std::uint32_t default_categories = 3;
constexpr std::uint32_t default_history = 6;
constexpr std::uint32_t default_failures = 3;
constexpr std::uint32_t default_lockout = 3600;
constexpr std::uint32_t default_maximum_age = 8'640'000;

bool is_on(const directory::SourceEntry& entry, std::string_view name, bool otherwise = false) {
    const auto& values = entry.values(name);
    return values.empty() ? otherwise : equals_ignoring_ascii_case(values.front(), "on");
}

std::uint32_t number(
    const directory::SourceEntry& entry, std::string_view name, std::uint32_t otherwise = 0
) {
    const auto& values = entry.values(name);
    std::uint32_t parsed = 0;
    if (values.empty()) {
        return otherwise;
    }
    const auto& text = values.front();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    return problem == std::errc() ? parsed : otherwise;
}

template <class T>
std::optional<T> unless_zero(std::uint32_t count) {
    return count == 0 ? std::nullopt : std::optional(T(count));
}

struct Counts {
    std::uint32_t digits = 0;
    std::uint32_t upper_case = 0;
    std::uint32_t lower_case = 0;
    std::uint32_t specials = 0;
    std::uint32_t others = 0;  ///< outside of ASCII
    std::uint32_t longest_run = 0;

    [[nodiscard]] std::uint32_t categories() const {
        return static_cast<std::uint32_t>(std::ranges::count_if(
            std::array{digits, upper_case, lower_case, specials, others},
            [](std::uint32_t count) { return count > 0; }
        ));
    }
};

Counts counts_of(std::string_view password) {
    Counts counts;
    char last = '\0';
    std::uint32_t run = 0;
    for (const char c : password) {
        const bool digit = c >= '0' && c <= '9';
        const bool upper = c >= 'A' && c <= 'Z';
        const bool lower = c >= 'a' && c <= 'z';
        const bool other = (static_cast<unsigned char>(c) & 0x80U) != 0;
        counts.digits += digit ? 1 : 0;
        counts.upper_case += upper ? 1 : 0;
        counts.lower_case += lower ? 1 : 0;
        counts.others += other ? 1 : 0;
        counts.specials += digit || upper || lower || other ? 0 : 1;
        run = c == last ? run + 1 : 1;
        last = c;
        counts.longest_run = std::max(counts.longest_run, run);
    }
    return counts;
}

void describe_syntax(const Ds389Policy& policy, std::vector<std::string>& sentences) {
    const auto at_least = [&](std::uint32_t count, std::string_view what) {
        if (count > 0) {
            sentences.push_back(fmt::format("At least {} {}{}.", count, what, count == 1 ? "" : "s")
            );
        }
    };
    at_least(policy.digits, "digit");
    at_least(policy.letters, "letter");
    at_least(policy.upper_case, "upper case letter");
    at_least(policy.lower_case, "lower case letter");
    at_least(policy.specials, "special character");
    if (policy.categories > 1) {
        sentences.push_back(fmt::format(
            "Characters of at least {} kinds (digits, upper case, lower case, special, other).",
            policy.categories
        ));
    }
    if (policy.repeats > 0) {
        sentences.push_back(
            fmt::format("The same character at most {} times in a row.", policy.repeats)
        );
    }
}

void describe(Ds389Policy& policy) {
    auto& general = policy.general;
    auto& sentences = general.sentences;
    if (general.minimum_length) {
        sentences.push_back(fmt::format("At least {} characters.", *general.minimum_length));
    }
    describe_syntax(policy, sentences);
    if (general.quality_checked) {
        sentences.emplace_back("Not like the person's own name, user name or mail address.");
    }
    if (general.history) {
        sentences.push_back(
            fmt::format("Neither the present password nor one of the last {}.", *general.history)
        );
    }
    if (general.minimum_age) {
        sentences.push_back(fmt::format(
            "A password can be changed again after {}.", duration_in_words(*general.minimum_age)
        ));
    }
    if (general.maximum_age) {
        sentences.push_back(
            fmt::format("A password is valid for {}.", duration_in_words(*general.maximum_age))
        );
    }
}

void read_syntax(Ds389Policy& policy, const directory::SourceEntry& entry) {
    policy.general.minimum_length =
        unless_zero<std::uint32_t>(number(entry, "passwordMinLength", default_length));
    policy.digits = number(entry, "passwordMinDigits");
    policy.letters = number(entry, "passwordMinAlphas");
    policy.upper_case = number(entry, "passwordMinUppers");
    policy.lower_case = number(entry, "passwordMinLowers");
    policy.specials = number(entry, "passwordMinSpecials");
    policy.categories = number(entry, "passwordMinCategories", default_categories);
    policy.repeats = number(entry, "passwordMaxRepeats");
}

}  // namespace

Ds389Policy ds389_policy(const directory::SourceEntry& entry) {
    Ds389Policy policy;
    auto& general = policy.general;
    general.quality_checked = is_on(entry, "passwordCheckSyntax");
    if (general.quality_checked) {
        read_syntax(policy, entry);
    }
    if (is_on(entry, "passwordHistory")) {
        general.history =
            unless_zero<std::uint32_t>(number(entry, "passwordInHistory", default_history));
    }
    general.minimum_age = unless_zero<seconds>(number(entry, "passwordMinAge"));
    if (is_on(entry, "passwordExp")) {
        general.maximum_age =
            unless_zero<seconds>(number(entry, "passwordMaxAge", default_maximum_age));
    }
    if (is_on(entry, "passwordLockout")) {
        general.lockout_threshold = number(entry, "passwordMaxFailure", default_failures);
        if (is_on(entry, "passwordUnlock", true)) {
            general.lockout_duration =
                unless_zero<seconds>(number(entry, "passwordLockoutDuration", default_lockout));
        }
    }
    general.must_change_after_reset = is_on(entry, "passwordMustChange");
    describe(policy);
    return policy;
}

std::optional<std::string> broken_rule(const Ds389Policy& policy, std::string_view password) {
    const auto counts = counts_of(password);
    struct Rule {
        std::uint32_t wanted;
        std::uint32_t found;
        std::string_view what;
    };
    const std::array rules{
        Rule{policy.digits, counts.digits, "digits"},
        Rule{policy.letters, counts.upper_case + counts.lower_case, "letters"},
        Rule{policy.upper_case, counts.upper_case, "upper case letters"},
        Rule{policy.lower_case, counts.lower_case, "lower case letters"},
        Rule{policy.specials, counts.specials, "special characters"},
        Rule{policy.categories, counts.categories(), "character categories"}};
    for (const auto& rule : rules) {
        if (rule.found < rule.wanted) {
            return fmt::format("contain at least {} {}", rule.wanted, rule.what);
        }
    }
    if (policy.repeats > 0 && counts.longest_run > policy.repeats) {
        return fmt::format("not have a character more than {} times in a row", policy.repeats);
    }
    return std::nullopt;
}

bool is_too_short(const Ds389Policy& policy, std::string_view password) {
    const auto characters = std::ranges::count_if(password, [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    return policy.general.minimum_length &&
           static_cast<std::uint32_t>(characters) < *policy.general.minimum_length;
}

}  // namespace bascule::ldap

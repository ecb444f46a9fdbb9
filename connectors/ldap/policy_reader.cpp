#include "connectors/ldap/policy_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/directory_search.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::PasswordPolicy;
using std::chrono::seconds;

namespace {

/// A number above zero; ppolicy takes zero and absence alike for "no such rule".
std::optional<std::uint32_t> number(
    const directory::SourceEntry& entry, std::string_view attribute
) {
    const auto& values = entry.values(attribute);
    std::uint32_t parsed = 0;
    if (values.empty()) {
        return std::nullopt;
    }
    const auto& text = values.front();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (problem != std::errc() || parsed == 0) {
        return std::nullopt;
    }
    return parsed;
}

std::optional<seconds> duration(const directory::SourceEntry& entry, std::string_view attribute) {
    const auto count = number(entry, attribute);
    return count ? std::optional(seconds(*count)) : std::nullopt;
}

bool truth(const directory::SourceEntry& entry, std::string_view attribute) {
    return equals_ignoring_ascii_case(entry.first_value(attribute), "TRUE");
}

void describe(PasswordPolicy& policy) {
    auto& sentences = policy.sentences;
    if (policy.minimum_length) {
        sentences.push_back(fmt::format("At least {} characters.", *policy.minimum_length));
    }
    if (policy.maximum_length) {
        sentences.push_back(fmt::format("At most {} characters.", *policy.maximum_length));
    }
    if (policy.history) {
        sentences.push_back(
            *policy.history == 1 ? std::string("Not the password that was used last.")
                                 : fmt::format("None of the last {} passwords.", *policy.history)
        );
    }
    if (policy.minimum_age) {
        sentences.push_back(fmt::format(
            "A password can be changed again after {}.", duration_in_words(*policy.minimum_age)
        ));
    }
    if (policy.maximum_age) {
        sentences.push_back(
            fmt::format("A password is valid for {}.", duration_in_words(*policy.maximum_age))
        );
    }
}

PasswordPolicy from_entry(const directory::SourceEntry& entry) {
    PasswordPolicy policy;
    policy.quality_checked = number(entry, "pwdCheckQuality").has_value();
    if (policy.quality_checked) {
        policy.minimum_length = number(entry, "pwdMinLength");
        policy.maximum_length = number(entry, "pwdMaxLength");
    }
    policy.history = number(entry, "pwdInHistory");
    policy.minimum_age = duration(entry, "pwdMinAge");
    policy.maximum_age = duration(entry, "pwdMaxAge");
    if (truth(entry, "pwdLockout")) {
        policy.lockout_threshold = number(entry, "pwdMaxFailure");
        policy.lockout_duration = duration(entry, "pwdLockoutDuration");
    }
    policy.must_change_after_reset = truth(entry, "pwdMustChange");
    describe(policy);
    return policy;
}

}  // namespace

std::string duration_in_words(seconds duration) {
    struct Unit {
        std::int64_t length;
        std::string_view name;
    };
    constexpr std::array units{
        Unit{86'400, "day"}, Unit{3'600, "hour"}, Unit{60, "minute"}, Unit{1, "second"}};
    for (const auto& unit : units) {
        if (duration.count() % unit.length == 0 && duration.count() > 0) {
            const auto count = duration.count() / unit.length;
            return fmt::format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
        }
    }
    return "0 seconds";
}

PolicyReader::PolicyReader(WorkConnection& work, PolicyLocation location)
    : work_(work), location_(std::move(location)), located_(!location_.dn.empty()) {}

Result<std::string> PolicyReader::locate(Deadline deadline) {
    const std::lock_guard lock(mutex_);
    if (located_ || location_.base.empty()) {
        return location_.dn;
    }
    BASCULE_TRY(
        const auto found,
        work_.run<std::vector<directory::SourceEntry>>(
            deadline,
            [&](Connection& connection) -> Result<std::vector<directory::SourceEntry>> {
                SearchRequest request;
                request.scope = SearchScope::subtree;
                request.filter = "(objectClass=pwdPolicy)";
                request.attributes = {"1.1"};
                BASCULE_TRY(request.base, naming_context_of(connection, location_.base, deadline));
                return connection.search(request, deadline);
            }
        )
    );
    if (found.size() == 1) {
        location_.dn = found.front().dn;
    }
    located_ = true;
    return location_.dn;
}

Result<PasswordPolicy> PolicyReader::default_policy(Deadline deadline) {
    BASCULE_TRY(const std::string dn, locate(deadline));
    return read(dn, deadline);
}

Result<PasswordPolicy> PolicyReader::policy_of(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(const auto entry, find_entry(work_, dn, {"pwdPolicySubentry"}, deadline));
    if (!entry) {
        return fail(
            ErrorKind::not_found, "not_in_directory",
            "This person is not in the directory any more, or the service account may not see the "
            "entry."
        );
    }
    const std::string own = entry->first_value("pwdPolicySubentry");
    return own.empty() ? default_policy(deadline) : read(own, deadline);
}

Result<PasswordPolicy> PolicyReader::read(const std::string& policy_dn, Deadline deadline) {
    if (policy_dn.empty()) {
        return PasswordPolicy{};
    }
    BASCULE_TRY(const auto entry, find_entry(work_, policy_dn, {}, deadline));
    return entry ? from_entry(*entry) : PasswordPolicy{};
}

}  // namespace bascule::ldap

#include "connectors/ldap/phone_writer.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::AttributeValues;
using directory::SourceEntry;
using directory::TypedValue;

namespace {

constexpr std::string_view phone_attribute = "phoneNumbers";
constexpr std::size_t fewest_digits = 7;
constexpr std::size_t most_digits = 15;
constexpr std::size_t longest_number = 64;

/// "mobile" of "phoneNumbers[mobile]"; nothing when the rule makes something else.
std::optional<std::string> type_of(const mirror::MappingRule& rule) {
    const std::string& target = rule.target;
    if (target == phone_attribute) {
        return rule.type;
    }
    const std::string beginning = std::string(phone_attribute) + "[";
    if (target.starts_with(beginning) && target.ends_with("]")) {
        return target.substr(beginning.size(), target.size() - beginning.size() - 1);
    }
    return std::nullopt;
}

bool takes_as_it_is(const mirror::MappingRule& rule, const std::string& attribute) {
    return rule.from.size() == 1 && equals_ignoring_ascii_case(rule.from.front(), attribute) &&
           rule.template_text.empty() && rule.transform.empty() && rule.when.empty();
}

std::vector<std::string> values_of(const std::vector<TypedValue>& all, const std::string& type) {
    std::vector<std::string> values;
    for (const auto& one : all) {
        if (equals_ignoring_ascii_case(one.type, type)) {
            values.push_back(one.value);
        }
    }
    return values;
}

/// Those of `values` that `others` has not.
/// Of anything that holds texts.
std::vector<std::string> without(const auto& values, const auto& others) {
    std::vector<std::string> rest;
    for (const std::string_view one : values) {
        if (std::ranges::find(others, one) == others.end()) {
            rest.emplace_back(one);
        }
    }
    return rest;
}

bool same_set(const AttributeValues& one, const std::vector<std::string>& other) {
    return without(one, other).empty() && without(other, one).empty();
}

auto changed_meanwhile() {
    return fail(
        ErrorKind::conflict, "changed_meanwhile",
        "The phone number was changed in the directory at the same moment. Look at it again before "
        "changing it. (Nothing was changed.)"
    );
}

Error refusal(const Outcome& outcome) {
    Error error{
        ErrorKind::policy_rejected,
        "directory_refused",
        fmt::format(
            "The directory did not accept the phone number{}{}. (Nothing was changed.)",
            outcome.diagnostic.empty() ? "" : ": ", printable(outcome.diagnostic)
        ),
        std::string(phone_attribute),
        fmt::format("LDAP result {}", outcome.code),
        {}};
    if (outcome.code == LDAP_INSUFFICIENT_ACCESS) {
        error.kind = ErrorKind::forbidden;
        error.code = "directory_denied";
        error.detail =
            "The directory does not let the service account change this phone number; `bascule "
            "doctor` tells which right is missing. (Nothing was changed.)";
    }
    if (outcome.code == LDAP_NO_SUCH_OBJECT) {
        error.kind = ErrorKind::not_found;
        error.code = "not_in_directory";
        error.detail = "This person is not in the directory any more. (Nothing was changed.)";
    }
    return error;
}

Error unreachable(Error error, bool sent) {
    const bool lost = error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timeout ||
                      error.code == "directory_credentials";
    if (!lost) {
        return error;
    }
    return Error{
        ErrorKind::unavailable,
        "writeback_unavailable",
        sent ? "The directory server did not answer in time. The phone number may or may not have "
               "been changed: look at it again in a minute."
             : "The directory server cannot be reached, so the phone number was not changed. Try "
               "again in a few minutes.",
        {},
        fmt::format("{}: {}", error.code, error.context),
        {}};
}

Result<SourceEntry> read(
    Connection& connection, const std::string& dn, std::vector<std::string> attributes,
    Deadline deadline
) {
    SearchRequest request;
    request.base = dn;
    request.attributes = std::move(attributes);
    BASCULE_TRY(auto entries, connection.search(request, deadline));
    if (entries.empty()) {
        return fail(
            ErrorKind::not_found, "not_in_directory",
            "This person is not in the directory any more. (Nothing was changed.)"
        );
    }
    entries.front().dn_key = dn_key_or_raw(entries.front().dn);
    return std::move(entries.front());
}

/// A first value has nothing that must be deleted with it, so the server is asked to make sure that
/// there is still none (RFC 4528). Nothing where it cannot.
Result<std::vector<Control>> conditions(
    Connection& connection, const std::string& untouched, Deadline deadline
) {
    if (untouched.empty()) {
        return std::vector<Control>();
    }
    BASCULE_TRY(const bool offered, offers_control(connection, LDAP_CONTROL_ASSERT, deadline));
    std::string filter = "(&" + untouched + ")";
    berval assertion{};
    if (!offered ||
        ldap_create_assertion_control_value(connection.handle(), filter.data(), &assertion) !=
            LDAP_SUCCESS) {
        return std::vector<Control>();
    }
    std::vector<Control> controls{
        {LDAP_CONTROL_ASSERT, std::string(assertion.bv_val, assertion.bv_len), true}};
    ber_memfree(assertion.bv_val);
    return controls;
}

}  // namespace

struct PhoneWriter::Step {
    std::string attribute;
    std::vector<std::string> before;
    std::vector<std::string> gone;
    std::vector<std::string> fresh;
};

Result<std::vector<PhoneRule>> phone_rules(
    const mirror::KindMapping& users, const std::vector<std::string>& attributes
) {
    std::vector<PhoneRule> found;
    for (const auto& attribute : attributes) {
        const auto rule = std::ranges::find_if(users.rules, [&](const mirror::MappingRule& one) {
            return type_of(one) && takes_as_it_is(one, attribute);
        });
        if (rule == users.rules.end()) {
            return fail(
                ErrorKind::invalid_input, "invalid_write_back",
                "write_back.phone names '" + printable(attribute, 60) +
                    "', which no rule of users.map takes into phoneNumbers as it is."
            );
        }
        const auto same_type = std::ranges::count_if(users.rules, [&](const auto& one) {
            return type_of(one) && equals_ignoring_ascii_case(*type_of(one), *type_of(*rule));
        });
        if (same_type > 1) {
            return fail(
                ErrorKind::invalid_input, "invalid_write_back",
                "write_back.phone names '" + printable(attribute, 60) +
                    "', and another rule of users.map makes phoneNumbers of the same type, so it "
                    "cannot be told which numbers belong there."
            );
        }
        found.push_back({attribute, *type_of(*rule)});
    }
    return found;
}

Result<std::string> canonical_phone(const std::string& text) {
    const auto refuse = [&](std::string_view why) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_phone_number",
            fmt::format("'{}' is no phone number: {}.", printable(text, 80), why),
            std::string(phone_attribute),
            {},
            {}});
    };
    const bool plain = std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') ||
               std::string_view(" +-().,/*#xX").find(c) != std::string_view::npos;
    });
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
        return c >= '0' && c <= '9';
    }));
    if (!plain || digits == 0 || text.size() > longest_number) {
        return refuse("it has digits, and blanks, brackets and hyphens between them");
    }
    if (text.front() != '+') {
        return text;
    }
    if (digits < fewest_digits || digits > most_digits ||
        text.find_first_of("*#xX+", 1) != std::string::npos) {
        return refuse("after + come 7 to 15 digits");
    }
    std::string canonical = "+";
    std::ranges::copy_if(text, std::back_inserter(canonical), [](char c) {
        return c >= '0' && c <= '9';
    });
    return canonical;
}

PhoneWriter::PhoneWriter(
    WorkConnection& work, std::vector<PhoneRule> rules, std::function<Mirror()> mirror
)
    : work_(work), rules_(std::move(rules)), mirror_(std::move(mirror)) {
    for (const auto& rule : rules_) {
        types_.push_back(rule.type);
    }
}

Result<std::vector<PhoneWriter::Step>> PhoneWriter::plan(
    const std::vector<TypedValue>& before, const std::vector<TypedValue>& after
) const {
    std::vector<Step> steps;
    for (const auto& rule : rules_) {
        Step step{rule.attribute, values_of(before, rule.type), {}, {}};
        std::vector<std::string> wanted;
        for (const auto& value : values_of(after, rule.type)) {
            const bool kept = std::ranges::find(step.before, value) != step.before.end();
            BASCULE_TRY(auto number, kept ? Result<std::string>(value) : canonical_phone(value));
            wanted.push_back(std::move(number));
        }
        step.gone = without(step.before, wanted);
        step.fresh = without(wanted, step.before);
        if (!step.gone.empty() || !step.fresh.empty()) {
            steps.push_back(std::move(step));
        }
    }
    return steps;
}

std::vector<Change> PhoneWriter::changes_of(const std::vector<Step>& steps, Way way) {
    std::vector<Change> changes;
    const auto add = [&](Change::Kind kind, const Step& step, const auto& values) {
        if (!values.empty()) {
            changes.push_back({kind, step.attribute, {}});
            changes.back().values.assign(values.begin(), values.end());
        }
    };
    for (const auto& step : steps) {
        add(Change::Kind::remove, step, way == Way::forth ? step.gone : step.fresh);
        add(Change::Kind::add, step, way == Way::forth ? step.fresh : step.gone);
    }
    return changes;
}

Status PhoneWriter::yield_to_others(
    Connection& connection, const std::string& dn, const std::vector<Step>& steps, Deadline deadline
) {
    std::vector<std::string> names;
    std::ranges::transform(steps, std::back_inserter(names), &Step::attribute);
    BASCULE_TRY(const auto present, read(connection, dn, names, deadline));
    const bool alone = std::ranges::all_of(steps, [&](const Step& step) {
        return !step.before.empty() || without(present.values(step.attribute), step.fresh).empty();
    });
    if (alone) {
        return {};
    }
    const auto back = changes_of(steps, Way::back);
    BASCULE_TRY(const auto outcome, modify_with_controls(connection, dn, back, {}, deadline));
    if (outcome.success()) {
        return changed_meanwhile();
    }
    return fail(
        ErrorKind::conflict, "changed_meanwhile",
        "The phone number was changed in the directory at the same moment, and both changes may "
        "stand. Look at it again."
    );
}

Status PhoneWriter::write(
    Connection& connection, const std::string& dn, const std::vector<Step>& steps,
    Deadline deadline, bool& sent
) const {
    std::vector<std::string> names;
    std::ranges::transform(steps, std::back_inserter(names), &Step::attribute);
    BASCULE_TRY(const auto present, read(connection, dn, names, deadline));
    std::string untouched;
    for (const auto& step : steps) {
        if (!same_set(present.values(step.attribute), step.before)) {
            return changed_meanwhile();
        }
        if (step.before.empty()) {
            untouched += "(!(" + step.attribute + "=*))";
        }
    }
    BASCULE_TRY(const auto controls, conditions(connection, untouched, deadline));
    sent = true;
    BASCULE_TRY(
        const auto outcome,
        modify_with_controls(connection, dn, changes_of(steps, Way::forth), controls, deadline)
    );
    if (outcome.code == LDAP_NO_SUCH_ATTRIBUTE || outcome.code == LDAP_TYPE_OR_VALUE_EXISTS ||
        outcome.code == LDAP_ASSERTION_FAILED) {
        return changed_meanwhile();
    }
    if (!outcome.success()) {
        return fail(refusal(outcome));
    }
    return untouched.empty() || !controls.empty()
               ? Status()
               : yield_to_others(connection, dn, steps, deadline);
}

Result<std::string> PhoneWriter::write_phones(
    const std::string& dn, const std::vector<TypedValue>& before,
    const std::vector<TypedValue>& after, Deadline deadline
) {
    BASCULE_TRY(const auto steps, plan(before, after));
    const Mirror mirror = mirror_();
    bool sent = false;
    auto entry =
        work_.run<SourceEntry>(deadline, [&](Connection& connection) -> Result<SourceEntry> {
            if (!steps.empty()) {
                BASCULE_CHECK(write(connection, dn, steps, deadline, sent));
            }
            return read(connection, dn, mirror.attributes, deadline);
        });
    if (!entry) {
        return fail(unreachable(std::move(entry).error(), sent));
    }
    const auto mapped = mirror.mapper->map(*entry);
    if (mapped.state != directory::EntryState::mirrored) {
        return fail(
            ErrorKind::unavailable, "writeback_unconfirmed",
            "The phone number was changed in the directory, and the entry is no longer one that is "
            "served here."
        );
    }
    return std::string(json_member(mapped.attributes, phone_attribute));
}

}  // namespace bascule::ldap

#include "connectors/ldap/examination/examined.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::Findings;
using directory::Remedy;
using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

// More than the limits that servers have by themselves.
constexpr std::size_t enough_entries = 10'000;
// The smallest limit in use as a default (slapd).
constexpr std::size_t smallest_limit = 500;
constexpr std::uint32_t page_size = 500;
constexpr std::chrono::seconds tolerated_skew{60};
constexpr std::size_t most_lines = 5;

bool is_limit(int code) {
    return code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_TIMELIMIT_EXCEEDED ||
           code == LDAP_ADMINLIMIT_EXCEEDED;
}

std::string in_containers(std::size_t count) {
    return fmt::format(" ({} container{})", count, count == 1 ? "" : "s");
}

/// The part of an entry's attributes that the mapping reads and the entry does not show.
std::vector<std::string> absent_of(
    const SourceEntry& entry, const std::vector<std::string>& wanted
) {
    std::vector<std::string> absent;
    std::ranges::copy_if(wanted, std::back_inserter(absent), [&](const std::string& name) {
        return entry.values(name).empty();
    });
    return absent;
}

/// Attributes that nobody who was read has.
std::vector<std::string> never_seen(const Examined& examined) {
    std::vector<std::string> never;
    for (const auto& name : examined.attributes) {
        if (std::ranges::none_of(examined.people.entries, [&](const SourceEntry& entry) {
                return !entry.values(name).empty();
            })) {
            never.push_back(name);
        }
    }
    return never;
}

std::string distance(std::chrono::milliseconds skew) {
    return fmt::format("{:.0f} s", std::chrono::duration<double>(skew).count());
}

}  // namespace

Deadline Examined::soon() const {
    return steady_clock::now() + patience();
}
std::chrono::milliseconds Examined::patience() const {
    return options.source.connection.operation_timeout;
}
const std::string& Examined::account() const {
    return account_dn;
}

std::string account_dn(Connection& connection, const ConnectionOptions& options) {
    constexpr std::string_view beginning = "dn:";
    if (!options.bind_dn.empty() || !options.binds()) {
        return options.bind_dn;
    }
    berval* identity = nullptr;
    const int code = ldap_whoami_s(connection.handle(), &identity, nullptr, nullptr);
    const std::unique_ptr<berval, void (*)(berval*)> owner(identity, ber_bvfree);
    if (code != LDAP_SUCCESS || identity == nullptr || identity->bv_val == nullptr) {
        return {};
    }
    const std::string_view text(identity->bv_val, identity->bv_len);
    return std::string(text.starts_with(beginning) ? text.substr(beginning.size()) : text);
}
const std::string& Examined::base() const {
    return options.source.base;
}

bool Examined::offers(std::string_view control) const {
    return std::ranges::count(root.values("supportedControl"), control) > 0;
}

std::vector<SourceEntry> Examined::look(
    const std::string& at, SearchScope scope, const std::string& filter,
    std::vector<std::string> wanted, const std::vector<Control>& controls
) const {
    SearchRequest request;
    request.base = at;
    request.scope = scope;
    request.filter = filter;
    request.attributes = std::move(wanted);
    std::vector<SourceEntry> entries;
    const auto end = search_with_controls(
        connection, request, controls, patience(),
        [&](SourceEntry entry) -> Status {
            entries.push_back(std::move(entry));
            return {};
        }
    );
    static_cast<void>(end);  // what is refused is told by what is not there
    return entries;
}

SourceEntry Examined::look_at(const std::string& dn, std::vector<std::string> wanted) const {
    auto entries = look(dn, SearchScope::base, "(objectClass=*)", std::move(wanted));
    return entries.empty() ? SourceEntry() : std::move(entries.front());
}

bool Examined::meets(const std::string& dn, const std::string& filter) const {
    return !look(dn, SearchScope::base, filter, {"1.1"}).empty();
}

std::string joined(const std::vector<std::string>& names, std::string_view separator) {
    return fmt::format("{}", fmt::join(names, separator));
}

std::string some_of(const std::vector<std::string>& names, std::size_t most) {
    if (names.size() <= most) {
        return joined(names);
    }
    const std::vector<std::string> first(
        names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most)
    );
    const std::size_t others = names.size() - most;
    return fmt::format("{} and {} other{}", joined(first), others, others == 1 ? "" : "s");
}

std::vector<std::string> without_repeats(std::vector<std::string> names) {
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

void report_containers(
    Findings& findings, const ContainerReport& report,
    const std::function<Remedy(const Lack&)>& remedy
) {
    if (report.lacks.empty()) {
        if (report.asked > 0) {
            findings.good(report.name, report.subject, report.good + in_containers(report.asked));
        }
        return;
    }
    const auto tell = [&](const Lack& lack, const std::string& where) {
        findings.bad(
            report.name, report.subject,
            fmt::format("{} {} in {}", report.verdict, some_of(lack.attributes, 8), where),
            remedy(lack)
        );
    };
    const bool alike = std::ranges::all_of(report.lacks, [&](const Lack& lack) {
        return lack.attributes == report.lacks.front().attributes;
    });
    if (alike && report.lacks.size() == report.asked && report.asked > 1) {
        std::vector<std::string> containers;
        for (const auto& lack : report.lacks) {
            containers.push_back(lack.container);
        }
        const std::string all = common_ancestor(containers);
        tell({all, report.lacks.front().attributes}, all + in_containers(report.asked));
        return;
    }
    for (std::size_t i = 0; i < report.lacks.size(); ++i) {
        const auto& lack = report.lacks[i];
        const std::size_t others = report.lacks.size() - i - 1;
        const bool last = i + 1 == most_lines && others > 0;
        tell(lack, lack.container + (last ? fmt::format(", and in {} others", others) : ""));
        if (last) {
            return;
        }
    }
}

void examine_limits(const Examined& examined, const Remedy& remedy) {
    SearchRequest request;
    request.base = examined.base();
    request.scope = SearchScope::subtree;
    request.attributes = {"1.1"};
    std::size_t count = 0;
    const auto take = [&](const SourceEntry&) -> Status {
        return ++count < enough_entries ? Status() : fail(ErrorKind::conflict, "enough", "");
    };
    const auto end =
        examined.dialect == Dialect::active_directory
            ? search_paged(examined.connection, request, {}, page_size, examined.patience(), take)
            : search_with_controls(examined.connection, request, {}, examined.patience(), take);
    const std::string subject = "size and time limits";
    if (end && !end->outcome.success()) {
        examined.findings.bad(
            "limits", subject,
            is_limit(end->outcome.code)
                ? fmt::format("the answer was cut short after {} entries", count)
                : fmt::format(
                      "reading all entries was refused: {} {}", end->outcome.code,
                      printable(end->outcome.diagnostic)
                  ),
            remedy
        );
        return;
    }
    examined.findings.good(
        "limits", subject,
        count >= enough_entries ? fmt::format("none within {} entries", count)
        : count < smallest_limit
            ? fmt::format("all {} entries read; a limit above that does not show", count)
            : fmt::format("all {} entries read", count)
    );
}

void examine_attributes(
    const Examined& examined, const Readable& readable,
    const std::function<Remedy(const Lack&)>& remedy
) {
    ContainerReport report{"attributes", "read mapped attributes",          {},
                           "cannot see", examined.people.containers.size(), {}};
    for (const auto& container : examined.people.containers) {
        if (container.people.empty()) {
            continue;
        }
        const auto& dn = container.people.front();
        Lack lack{container.dn, {}};
        for (const auto& name :
             absent_of(examined.look_at(dn, examined.attributes), examined.attributes)) {
            if (!readable(dn, name).value_or(true)) {
                lack.attributes.push_back(name);
            }
        }
        if (!lack.attributes.empty()) {
            report.lacks.push_back(std::move(lack));
        }
    }
    const auto never = never_seen(examined);
    report.good = fmt::format("{} attributes", examined.attributes.size());
    if (!never.empty()) {
        report.good += ", of which nobody has " + some_of(never, 6);
    }
    report_containers(examined.findings, report, remedy);
}

Readable readable_by_negation(const Examined& examined) {
    return [&examined](const std::string& dn, const std::string& attribute) {
        return std::optional(
            examined.meets(dn, "(!(" + attribute + "=*))") ||
            examined.meets(dn, "(" + attribute + "=*)")
        );
    };
}

void examine_password_secrecy(const Examined& examined, const std::function<Remedy()>& remedy) {
    const std::string subject = "read userPassword";
    for (const auto& container : examined.people.containers) {
        for (const auto& dn : container.people) {
            if (!examined.look_at(dn, {"userPassword"}).values("userPassword").empty()) {
                examined.findings.bad(
                    "password_secrecy", subject,
                    "the stored passwords of " + container.dn + " can be read", remedy()
                );
                return;
            }
        }
    }
    if (!examined.people.containers.empty()) {
        examined.findings.good("password_secrecy", subject, "refused, as it should be");
    }
}

void examine_clock(const Examined& examined, std::optional<Time> time, std::optional<Time> newest) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const std::string subject = "clock";
    const Remedy remedy{"Let this machine and the server follow the same time (NTP).", {}};
    if (time) {
        const auto skew = *time - now;
        const std::string finding = fmt::format(
            "the server is {} {} this machine", distance(std::chrono::abs(skew)),
            skew.count() < 0 ? "behind" : "ahead of"
        );
        if (std::chrono::abs(skew) > tolerated_skew) {
            examined.findings.advise("clock", subject, finding, remedy);
        } else {
            examined.findings.good("clock", subject, finding);
        }
        return;
    }
    if (newest && *newest - now > tolerated_skew) {
        examined.findings.advise(
            "clock", subject,
            "the server's newest stamp is " + distance(*newest - now) + " in the future", remedy
        );
        return;
    }
    examined.findings.good(
        "clock", subject,
        "the server does not tell its time" +
            (newest ? "; its newest stamp is " + format_time(*newest) : std::string())
    );
}

}  // namespace bascule::ldap

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/examination/examination.hpp"
#include "connectors/ldap/examination/people.hpp"

namespace bascule::ldap {

/// The directory under examination, for the checks that follow the sign-in.
struct Examined {
    Connection& connection;
    const ExaminationOptions& options;
    Dialect dialect;
    directory::SourceEntry root;
    std::vector<std::string> attributes;  ///< that the mapping reads
    People people;
    directory::Findings& findings;
    std::string account_dn;  ///< as rights name it

    [[nodiscard]] Deadline soon() const;
    [[nodiscard]] std::chrono::milliseconds patience() const;
    [[nodiscard]] const std::string& account() const;
    [[nodiscard]] const std::string& base() const;
    /// The root entry lists the control.
    [[nodiscard]] bool offers(std::string_view control) const;
    /// Entries of a small search; empty when it is refused for any reason.
    [[nodiscard]] std::vector<directory::SourceEntry> look(
        const std::string& base, SearchScope scope, const std::string& filter,
        std::vector<std::string> attributes, const std::vector<Control>& controls = {}
    ) const;
    /// Attributes of one entry; an empty entry when it cannot be read.
    [[nodiscard]] directory::SourceEntry look_at(
        const std::string& dn, std::vector<std::string> attributes
    ) const;
    /// Whether this one entry meets the filter, as the server sees it.
    [[nodiscard]] bool meets(const std::string& dn, const std::string& filter) const;
};

/// The DN of the account: that of the configuration, else what the server says (RFC 4532), as after
/// a SASL bind. Empty when neither tells it.
[[nodiscard]] std::string account_dn(Connection& connection, const ConnectionOptions& options);

/// What is missing in one part of the tree.
struct Lack {
    std::string container;
    std::vector<std::string> attributes;
};

/// "a, b and 3 others".
[[nodiscard]] std::string some_of(const std::vector<std::string>& names, std::size_t most = 4);

/// Joined by `separator`.
[[nodiscard]] std::string joined(
    const std::vector<std::string>& names, std::string_view separator = ", "
);

/// Without what repeats, in order.
[[nodiscard]] std::vector<std::string> without_repeats(std::vector<std::string> names);

/// Reports the same question asked in several containers: one good line, or one bad line for each
/// part of the tree that lacks something. Everything lacking everywhere becomes one line for the
/// part of the tree that holds them all.
struct ContainerReport {
    std::string name;
    std::string subject;
    std::string good;     ///< finding when nothing lacks; the number of containers is added
    std::string verdict;  ///< beginning of a bad finding: "cannot write"
    std::size_t asked = 0;
    std::vector<Lack> lacks;
};
void report_containers(
    directory::Findings& findings, const ContainerReport& report,
    const std::function<directory::Remedy(const Lack&)>& remedy
);

/// Whether the account's searches are cut short: reads as far as makes that certain.
void examine_limits(const Examined& examined, const directory::Remedy& remedy);

/// Whether the attributes of the mapping can be read. `readable` tells of one attribute that an
/// entry does not show whether that is because it has none; nothing when that cannot be known.
using Readable =
    std::function<std::optional<bool>(const std::string& dn, const std::string& attribute)>;
void examine_attributes(
    const Examined& examined, const Readable& readable,
    const std::function<directory::Remedy(const Lack&)>& remedy
);

/// By the filter (!(attribute=*)), which is neither true nor false of an attribute that the account
/// may not search (RFC 4511 section 4.5.1.7).
[[nodiscard]] Readable readable_by_negation(const Examined& examined);

/// Whether stored passwords can be read, which they must not.
void examine_password_secrecy(
    const Examined& examined, const std::function<directory::Remedy()>& remedy
);

/// Compares the server's clock with this machine's. `time` is the server's; nothing when it does
/// not tell, then `newest` is its newest stamp.
void examine_clock(const Examined& examined, std::optional<Time> time, std::optional<Time> newest);

// One for each dialect, in its folder.
void examine_openldap(const Examined& examined);
void examine_ds389(const Examined& examined);
void examine_active_directory(const Examined& examined);
void examine_generic(const Examined& examined);

}  // namespace bascule::ldap

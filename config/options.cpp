#include "config/options.hpp"

#include <fmt/format.h>

#include <array>
#include <type_traits>
#include <utility>

#include "config/values.hpp"

namespace bascule::config {
namespace {

std::string show(const std::string& value) {
    return value.empty() ? std::string() : yaml_text(value);
}
std::string show(bool value) {
    return value ? "true" : "false";
}
std::string show(std::uint32_t value) {
    return std::to_string(value);
}
std::string show(double value) {
    return format_percent(value);
}
std::string show(Duration value) {
    return format_duration(value);
}
std::string show(std::uint64_t value) {
    return format_size(value);
}
std::string show(const HostPort& value) {
    return yaml_text(format_host_port(value));
}
std::string show(const SecretSetting& value) {
    return value.origin;
}
std::string show(const std::vector<std::string>& values) {
    std::string text = "[";
    for (const std::string& value : values) {
        text += (text.size() > 1 ? ", " : "") + yaml_text(value);
    }
    return text + "]";
}
std::string show(const std::vector<mirror::MappingRule>& rules) {
    std::string text = "{";
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const bool first = i == 0 || rules[i - 1].target != rules[i].target;
        const bool last = i + 1 == rules.size() || rules[i + 1].target != rules[i].target;
        const bool single = first && last;
        if (first) {
            text += (i == 0 ? "" : ", ") + yaml_text(rules[i].target) + (single ? ": " : ": [");
        } else {
            text += ", ";
        }
        text += yaml_text(rules[i]) + (last && !single ? "]" : "");
    }
    return text + "}";
}

/// The struct an option lives in.
template <class Owner, class AnyTarget>
auto& owner_of(AnyTarget target) {
    if constexpr (std::is_same_v<Owner, SourceSettings>) {
        return *target.source;
    } else {
        return *target.settings;
    }
}

/// Declares an option; `field` takes the owner and returns the member.
template <class Owner, class Field>
Option option(std::string path, Kind kind, Field field, OptionText text) {
    Option made{std::move(text)};
    made.path = std::move(path);
    made.kind = kind;
    made.assign = [field](Target target, Value value) {
        auto& member = field(owner_of<Owner>(target));
        member = std::get<std::decay_t<decltype(member)>>(std::move(value));
    };
    made.show = [field](ConstTarget target) { return show(field(owner_of<Owner>(target))); };
    return made;
}

/// Declares an option with a closed set of words, one for each value of an enumeration.
template <class Owner, class Enum, std::size_t Count, class Field>
Option choice(
    std::string path, std::array<std::pair<const char*, Enum>, Count> words, Field field,
    OptionText text
) {
    Option made{std::move(text)};
    made.path = std::move(path);
    made.kind = Kind::choice;
    for (const auto& word : words) {
        made.choices.emplace_back(word.first);
    }
    made.assign = [field, words](Target target, Value value) {
        for (const auto& [word, number] : words) {
            if (std::get<std::string>(value) == word) {
                field(owner_of<Owner>(target)) = number;
            }
        }
    };
    made.show = [field, words](ConstTarget target) {
        for (const auto& [word, number] : words) {
            if (field(owner_of<Owner>(target)) == number) {
                return std::string(word);
            }
        }
        return std::string();
    };
    return made;
}

template <class Enum, std::size_t Count>
using Words = std::array<std::pair<const char*, Enum>, Count>;

// Names a member for the declarations below: a pointer to member cannot reach into nested structs.
#define BASCULE_FIELD(member)  \
    [](auto& owner) -> auto& { \
        return owner.member;   \
    }

std::vector<Option> server_options() {
    using S = Settings;
    return {
        option<S>(
            "server.listen", Kind::address, BASCULE_FIELD(server.listen),
            {.default_value = "\"127.0.0.1:8080\"",
             .help =
                 "Address and port of SCIM and self-service; other than loopback needs server.tls.",
             .apply = Apply::restart}
        ),
        option<S>(
            "server.public_url", Kind::url, BASCULE_FIELD(server.public_url),
            {.help = "How clients reach this server; all links are made from it, never from a Host "
                     "header.",
             .example = "https://id.example.com",
             .required = true,
             .choices = {"https", "http"}}
        ),
        option<S>(
            "server.tls.certificate", Kind::path, BASCULE_FIELD(server.tls_certificate),
            {.help = "PEM file with the certificate and its chain.",
             .example = "/etc/bascule/tls/cert.pem"}
        ),
        option<S>(
            "server.tls.key", Kind::secret, BASCULE_FIELD(server.tls_key),
            {.help = "The certificate's private key in PEM.",
             .example = "{ file: /etc/bascule/tls/key.pem }"}
        ),
        option<S>(
            "server.trusted_proxies", Kind::network_list, BASCULE_FIELD(server.trusted_proxies),
            {.default_value = "[]",
             .help = "Addresses and networks of proxies whose X-Forwarded-For and "
                     "X-Forwarded-Proto count."}
        ),
        option<S>(
            "server.limits.body", Kind::size, BASCULE_FIELD(server.limits.body),
            {.default_value = "1MiB",
             .help = "Largest request body.",
             .apply = Apply::restart,
             .minimum = 1024,
             .maximum = 1ULL << 30}
        ),
        option<S>(
            "server.limits.header", Kind::size, BASCULE_FIELD(server.limits.header),
            {.default_value = "16KiB",
             .help = "Largest request header.",
             .apply = Apply::restart,
             .minimum = 1024,
             .maximum = 1ULL << 20}
        ),
        option<S>(
            "server.limits.connections", Kind::count, BASCULE_FIELD(server.limits.connections),
            {.default_value = "4096",
             .help = "Most connections at a time; more wait.",
             .apply = Apply::restart,
             .minimum = 1,
             .maximum = 1'000'000}
        ),
        option<S>(
            "server.limits.request_time", Kind::duration, BASCULE_FIELD(server.limits.request_time),
            {.default_value = "30s",
             .help = "Time a client has to send a request.",
             .apply = Apply::restart,
             .minimum = 100,
             .maximum = 3'600'000}
        ),
        option<S>(
            "server.limits.idle_time", Kind::duration, BASCULE_FIELD(server.limits.idle_time),
            {.default_value = "1m",
             .help = "A connection without a request is closed after this time.",
             .apply = Apply::restart,
             .minimum = 100,
             .maximum = 86'400'000}
        ),
        option<S>(
            "server.limits.answer_time", Kind::duration, BASCULE_FIELD(server.limits.answer_time),
            {.default_value = "10s",
             .help = "Time that answering a request may take, directories included.",
             .apply = Apply::restart,
             .minimum = 100,
             .maximum = 600'000}
        ),
        option<S>(
            "management.listen", Kind::address, BASCULE_FIELD(management_listen),
            {.default_value = "\"127.0.0.1:9410\"",
             .help = "Address and port of /livez, /readyz, /startupz and /metrics; keep it off "
                     "public networks.",
             .apply = Apply::restart}
        ),
        option<S>(
            "admin.socket", Kind::path, BASCULE_FIELD(admin_socket),
            {.default_value = "/run/bascule/admin.sock",
             .help = "Unix socket through which the command line talks to the service.",
             .apply = Apply::restart}
        ),
        option<S>(
            "store.sqlite.path", Kind::path, BASCULE_FIELD(sqlite_path),
            {.default_value = "/var/lib/bascule/bascule.db",
             .help = "The database file.",
             .apply = Apply::restart}
        ),
        option<S>(
            "store.retain_deleted", Kind::duration, BASCULE_FIELD(retain_deleted),
            {.default_value = "30d",
             .help = "How long a deleted object can be restored.",
             .minimum = 60'000}
        ),
    };
}

std::vector<Option> source_options() {
    using S = SourceSettings;
    const std::string mapping_example =
        "{ displayName: [displayName, cn], nickName: \"{givenName} ({departmentNumber})\" }";
    return {
        option<S>(
            "sources[].name", Kind::name, BASCULE_FIELD(name),
            {.help = "Names the directory in commands, refusals and ids of its objects; never "
                     "change it.",
             .example = "corp",
             .apply = Apply::restart,
             .required = true}
        ),
        option<S>(
            "sources[].servers", Kind::url_list, BASCULE_FIELD(servers),
            {.help = "Servers with the same content, tried in order.",
             .example = "[ldaps://ldap.example.com]",
             .required = true,
             .choices = {"ldap", "ldaps", "ldapi"}}
        ),
        option<S>(
            "sources[].ca", Kind::path, BASCULE_FIELD(ca),
            {.help = "PEM file with the authorities that may sign the servers' certificates; "
                     "without it the system's.",
             .example = "/etc/bascule/tls/corp-ca.pem"}
        ),
        option<S>(
            "sources[].start_tls", Kind::flag, BASCULE_FIELD(start_tls),
            {.default_value = "false",
             .help = "Turns TLS on after connecting to an ldap:// server."}
        ),
        option<S>(
            "sources[].bind.dn", Kind::dn, BASCULE_FIELD(bind_dn),
            {.help = "The service account; without it reading is anonymous.",
             .example = "cn=bascule,ou=services,dc=example,dc=com"}
        ),
        option<S>(
            "sources[].bind.password", Kind::secret, BASCULE_FIELD(bind_password),
            {.help = "Password of the service account.", .example = "{ credential: corp-ldap }"}
        ),
        option<S>(
            "sources[].base", Kind::dn, BASCULE_FIELD(base),
            {.help = "The subtree that is mirrored.",
             .example = "dc=example,dc=com",
             .required = true}
        ),
        choice<S>(
            "sources[].dialect",
            Words<Dialect, 2>{{{"auto", Dialect::automatic}, {"openldap", Dialect::openldap}}},
            BASCULE_FIELD(dialect),
            {.default_value = "auto", .help = "What kind of server it is; auto asks the server."}
        ),
        option<S>(
            "sources[].users.filter", Kind::filter, BASCULE_FIELD(users.filter),
            {.help = "Entries that are users; without it the dialect's own.",
             .example = "(objectClass=inetOrgPerson)"}
        ),
        option<S>(
            "sources[].users.map", Kind::mapping, BASCULE_FIELD(users.rules),
            {.help =
                 "How users' attributes are made; attributes not named keep the dialect's rule.",
             .example = mapping_example}
        ),
        option<S>(
            "sources[].groups.filter", Kind::filter, BASCULE_FIELD(groups.filter),
            {.help = "Entries that are groups; without it the dialect's own.",
             .example = "(|(objectClass=groupOfNames)(objectClass=posixGroup))"}
        ),
        option<S>(
            "sources[].groups.map", Kind::mapping, BASCULE_FIELD(groups.rules),
            {.help = "How groups' attributes are made.",
             .example = "{ displayName: cn, members: [member, memberUid] }"}
        ),
        option<S>(
            "sources[].guard.deletes.percent", Kind::percent, BASCULE_FIELD(guard.deletes_percent),
            {.default_value = "1",
             .help = "A run that would remove more than this share of the objects is held for "
                     "approval."}
        ),
        option<S>(
            "sources[].guard.deletes.at_least", Kind::count, BASCULE_FIELD(guard.deletes_at_least),
            {.default_value = "25",
             .help = "Fewer removals than this are never held.",
             .maximum = 1'000'000'000}
        ),
        option<S>(
            "sources[].guard.memberships.percent", Kind::percent,
            BASCULE_FIELD(guard.memberships_percent),
            {.default_value = "50",
             .help = "A group that would lose more than this share of its members is held for "
                     "approval."}
        ),
        option<S>(
            "sources[].guard.attribute_loss.percent", Kind::percent,
            BASCULE_FIELD(guard.attribute_loss_percent),
            {.default_value = "5",
             .help = "A run in which more than this share of the users would lose an attribute is "
                     "held for approval."}
        ),
        option<S>(
            "sources[].write_back.password", Kind::flag, BASCULE_FIELD(write_back_password),
            {.default_value = "false",
             .help = "Password resets and changes are written to the directory."}
        ),
        option<S>(
            "sources[].write_back.unlock", Kind::flag, BASCULE_FIELD(write_back_unlock),
            {.default_value = "false", .help = "Locked accounts can be unlocked in the directory."}
        ),
        option<S>(
            "sources[].timeouts.connect", Kind::duration, BASCULE_FIELD(connect_timeout),
            {.default_value = "5s",
             .help = "Time to reach a server, TLS included.",
             .minimum = 100,
             .maximum = 300'000}
        ),
        option<S>(
            "sources[].timeouts.operation", Kind::duration, BASCULE_FIELD(operation_timeout),
            {.default_value = "10s",
             .help = "Time that one answer of a server may take.",
             .minimum = 100,
             .maximum = 3'600'000}
        ),
        option<S>(
            "sources[].timeouts.heartbeat", Kind::duration, BASCULE_FIELD(heartbeat),
            {.default_value = "30s",
             .help = "How often a quiet connection is tried, so that a dead one is noticed.",
             .minimum = 1000,
             .maximum = 3'600'000}
        ),
    };
}

std::vector<Option> service_options() {
    using S = Settings;
    return {
        option<S>(
            "sign_in.directory", Kind::flag, BASCULE_FIELD(sign_in.directory),
            {.default_value = "true", .help = "People sign in with their directory password."}
        ),
        option<S>(
            "sign_in.session.idle", Kind::duration, BASCULE_FIELD(sign_in.session_idle),
            {.default_value = "30m",
             .help = "A session ends after this time without a request.",
             .minimum = 60'000}
        ),
        option<S>(
            "sign_in.session.absolute", Kind::duration, BASCULE_FIELD(sign_in.session_absolute),
            {.default_value = "12h",
             .help = "A session ends after this time in any case.",
             .minimum = 60'000}
        ),
        option<S>(
            "sign_in.throttle.account", Kind::count, BASCULE_FIELD(sign_in.throttle_account),
            {.default_value = "5",
             .help = "Failures of one account in a window before it must wait; always kept below "
                     "the directory's own lockout.",
             .minimum = 1,
             .maximum = 1000}
        ),
        option<S>(
            "sign_in.throttle.address", Kind::count, BASCULE_FIELD(sign_in.throttle_address),
            {.default_value = "50",
             .help = "Failures from one address in a window before it must wait.",
             .minimum = 1,
             .maximum = 1'000'000}
        ),
        option<S>(
            "sign_in.throttle.window", Kind::duration, BASCULE_FIELD(sign_in.throttle_window),
            {.default_value = "15m",
             .help = "The window in which failures are counted.",
             .minimum = 1000,
             .maximum = 86'400'000}
        ),
        choice<S>(
            "self_service.staff.access",
            Words<StaffAccess, 3>{
                {{"all", StaffAccess::all},
                 {"selected", StaffAccess::selected},
                 {"none", StaffAccess::none}}},
            BASCULE_FIELD(staff_access),
            {.default_value = "all",
             .help = "Who of those with a role may manage their staff: all, members of selected "
                     "groups, none."}
        ),
        option<S>(
            "self_service.staff.groups", Kind::text_list, BASCULE_FIELD(staff_groups),
            {.default_value = "[]",
             .help = "The groups meant by access: selected, by display name."}
        ),
        option<S>(
            "scim.max_results", Kind::count, BASCULE_FIELD(scim_max_results),
            {.default_value = "1000",
             .help = "Most resources in one answer.",
             .minimum = 1,
             .maximum = 100'000}
        ),
        option<S>(
            "scim.default_page", Kind::count, BASCULE_FIELD(scim_default_page),
            {.default_value = "100",
             .help = "Resources in one answer when the client names no count.",
             .minimum = 1,
             .maximum = 100'000}
        ),
        option<S>(
            "audit.retain", Kind::duration, BASCULE_FIELD(audit_retain),
            {.default_value = "2y",
             .help = "How long audit records are kept.",
             .minimum = 86'400'000}
        ),
        choice<S>(
            "log.format",
            Words<LogFormat, 4>{
                {{"auto", LogFormat::automatic},
                 {"text", LogFormat::text},
                 {"json", LogFormat::json},
                 {"journal", LogFormat::journal}}},
            BASCULE_FIELD(log_format),
            {.default_value = "auto",
             .help =
                 "Form of the log; auto is journal under systemd, text on a terminal, else json."}
        ),
        choice<S>(
            "log.level",
            Words<log::Level, 4>{
                {{"debug", log::Level::debug},
                 {"info", log::Level::info},
                 {"warning", log::Level::warning},
                 {"error", log::Level::error}}},
            BASCULE_FIELD(log_level),
            {.default_value = "info", .help = "Least important events that are logged."}
        ),
    };
}

#undef BASCULE_FIELD

std::string join_choices(const std::vector<std::string>& choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
    }
    return text;
}

/// " from 1 to 10", " of at least 1", or nothing.
template <class Format>
std::string range(const Option& option, const Format& format) {
    const bool low = option.minimum > 0;
    const bool high = option.maximum != UINT64_MAX;
    if (low && high) {
        return " from " + format(option.minimum) + " to " + format(option.maximum);
    }
    if (high) {
        return " up to " + format(option.maximum);
    }
    return low ? " of at least " + format(option.minimum) : std::string();
}

bool is_plain(std::string_view text) {
    static constexpr std::string_view safe =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=()-";
    const bool keyword = text == "true" || text == "false" || text == "null" || text == "no" ||
                         text == "yes" || text == "on" || text == "off";
    return !text.empty() && text.front() != '-' && text.front() != '=' && !keyword &&
           text.find_first_not_of(safe) == std::string_view::npos;
}

}  // namespace

const std::vector<Option>& options() {
    static const std::vector<Option> all = [] {
        std::vector<Option> made = server_options();
        for (auto& part : {source_options(), service_options()}) {
            made.insert(made.end(), part.begin(), part.end());
        }
        return made;
    }();
    return all;
}

std::string_view section_help(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> help{{
        {"server", "The server of SCIM and self-service."},
        {"server.tls", "Certificate of the server; both files are read again on reload."},
        {"server.limits", "Bounds against slow and oversized requests."},
        {"management", "Health and metrics."},
        {"admin", "The command line's way in."},
        {"store", "Where state is kept."},
        {"store.sqlite", "The embedded database."},
        {"sources", "Directories to mirror, at least one."},
        {"sources[].bind", "How to sign in to the directory."},
        {"sources[].users", "Which entries are users and how they are mapped."},
        {"sources[].groups", "Which entries are groups and how they are mapped."},
        {"sources[].guard", "Changes larger than these wait for: bascule hold approve."},
        {"sources[].write_back", "What may be written to the directory."},
        {"sources[].timeouts", "How long to wait for the directory."},
        {"sign_in", "How people prove who they are."},
        {"sign_in.throttle", "Slows guessing down."},
        {"self_service.staff", "Managers help the people of their units."},
        {"scim", "The protocol for programs."},
        {"audit", "Who did what."},
        {"log", "What the service tells its operator."},
    }};
    for (const auto& [section, sentence] : help) {
        if (section == path) {
            return sentence;
        }
    }
    return {};
}

std::string expectation(const Option& option) {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    switch (option.kind) {
        case Kind::text:
            return "text";
        case Kind::name:
            return "a name of up to 32 characters from a-z, 0-9, - and _, starting with a letter";
        case Kind::flag:
            return "true or false";
        case Kind::count:
            return "a whole number" + range(option, number);
        case Kind::percent:
            return "a number from 0 to 100";
        case Kind::duration:
            return "a time such as 30s, 15m, 12h, 90d or 2y" +
                   range(option, [](std::uint64_t value) {
                       return format_duration(Duration(value));
                   });
        case Kind::size:
            return "a size such as 16KiB or 1MiB" + range(option, format_size);
        case Kind::address:
            return "an address and a port such as 127.0.0.1:8080 or [::]:8443";
        case Kind::url:
            return "a URL with scheme " + join_choices(option.choices) + ", a host, and no path";
        case Kind::url_list:
            return "a list of URLs with scheme " + join_choices(option.choices);
        case Kind::path:
            return "an absolute path";
        case Kind::dn:
            return "a distinguished name such as dc=example,dc=com";
        case Kind::filter:
            return "an LDAP filter in parentheses such as (objectClass=person)";
        case Kind::choice:
            return join_choices(option.choices);
        case Kind::secret:
            return "{ file: PATH }, { env: NAME } or { credential: NAME }";
        case Kind::text_list:
            return "a list of texts";
        case Kind::network_list:
            return "a list of addresses or networks such as 10.0.0.0/8";
        case Kind::mapping:
            return "a map of SCIM attributes to rules";
    }
    return {};
}

std::string yaml_text(std::string_view text) {
    if (is_plain(text)) {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return quoted + "\"";
}

std::string yaml_text(const mirror::MappingRule& rule) {
    std::string text;
    const auto add = [&text](const char* key, const std::string& value) {
        text += (text.empty() ? "" : ", ") + std::string(key) + ": " + value;
    };
    if (rule.constant) {
        add("constant", yaml_text(*rule.constant));
    } else if (!rule.template_text.empty()) {
        add("template", yaml_text(rule.template_text));
    } else if (!rule.from.empty()) {
        add("from", show(rule.from));
    } else {
        return "null";
    }
    for (const auto& [key, value] :
         {std::pair("type", &rule.type), {"transform", &rule.transform}, {"when", &rule.when}}) {
        if (!value->empty()) {
            add(key, yaml_text(*value));
        }
    }
    if (!rule.is.empty()) {
        add("is", show(rule.is));
    }
    if (!rule.is_not.empty()) {
        add("is_not", show(rule.is_not));
    }
    return "{ " + text + " }";
}

}  // namespace bascule::config

#include <fmt/format.h>

#include <array>
#include <utility>

#include "config/options.hpp"
#include "config/values.hpp"

namespace bascule::config {
namespace {

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

std::string_view section_help(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> help{{
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
        {"sources[].join", "People who stand in an earlier directory, too."},
        {"sources[].guard", "Changes larger than these wait for: bascule hold approve."},
        {"sources[].write_back", "What may be written to the directory."},
        {"sources[].timeouts", "How long to wait for the directory."},
        {"sign_in", "How people prove who they are."},
        {"sign_in.throttle", "Slows guessing down."},
        {"self_service.account", "People help themselves."},
        {"self_service.staff", "Managers help the people of their units."},
        {"scim", "The protocol for programs."},
        {"scim.rate_classes", "Limits of requests, by the class that a client is given."},
        {"sign_on", "How programs prove who they are, besides with a token of their own."},
        {"sign_on.issuers", "Other services whose signed tokens (JWT) clients may show."},
        {"audit", "Who did what."},
        {"events", "Changes as signed tokens for other programs."},
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
        case Kind::path_list:
            return "a list of absolute paths";
        case Kind::resource_types:
            return "a list of sections with name, endpoint and schema";
        case Kind::type_extensions:
            return "a map of resource types to lists of schemas";
        case Kind::profiles:
            return "a map of names to profiles";
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
        const auto byte = static_cast<unsigned char>(c);
        quoted += byte < 0x20 ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return quoted + "\"";
}

std::string yaml_text(const std::vector<std::string>& values) {
    std::string text = "[";
    for (const std::string& value : values) {
        text += (text.size() > 1 ? ", " : "") + yaml_text(value);
    }
    return text + "]";
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
        add("from", yaml_text(rule.from));
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
        add("is", yaml_text(rule.is));
    }
    if (!rule.is_not.empty()) {
        add("is_not", yaml_text(rule.is_not));
    }
    return "{ " + text + " }";
}

std::string yaml_text(const ProfileSetting& profile) {
    std::string text = profile.base.empty() ? "" : "base: " + yaml_text(profile.base);
    for (const ProfileSetting::Switch& one : profile.switches) {
        text += (text.empty() ? "" : ", ") + one.name + ": " + yaml_text(one.value);
    }
    return text.empty() ? "{}" : "{ " + text + " }";
}

}  // namespace bascule::config

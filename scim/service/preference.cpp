#include "scim/service/preference.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

constexpr std::string_view applied_header = "Preference-Applied";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Where the next of `marks` stands outside quoted text; the size of the text when there is none.
std::size_t find_unquoted(std::string_view text, std::string_view marks) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && marks.find(text[i]) != std::string_view::npos) {
            return i;
        }
    }
    return text.size();
}

/// The value without the quotes around it. Known values hold nothing that needs an escape.
std::string_view unquoted(std::string_view value) {
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
}

std::optional<std::chrono::seconds> seconds_in(std::string_view text) {
    std::int32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number < 0) {
        return std::nullopt;
    }
    return std::chrono::seconds(number);
}

PreferredReturn return_named(std::string_view value) {
    if (equals_ignoring_ascii_case(value, "minimal")) {
        return PreferredReturn::minimal;
    }
    return equals_ignoring_ascii_case(value, "representation") ? PreferredReturn::representation
                                                               : PreferredReturn::unspecified;
}

/// Takes in one preference without its parameters.
void read_preference(std::string_view item, Preferences& preferences) {
    const std::size_t equals = find_unquoted(item, "=");
    const std::string_view name = trimmed(item.substr(0, equals));
    const std::string_view value =
        equals == item.size() ? "" : unquoted(trimmed(item.substr(equals + 1)));
    if (equals_ignoring_ascii_case(name, "dry-run")) {
        preferences.dry_run = preferences.dry_run || value.empty();
    } else if (equals_ignoring_ascii_case(name, "respond-async")) {
        preferences.respond_async = preferences.respond_async || value.empty();
    } else if (equals_ignoring_ascii_case(name, "wait") && !preferences.wait) {
        preferences.wait = seconds_in(value);
    } else if (equals_ignoring_ascii_case(name, "return") && preferences.representation == PreferredReturn::unspecified) {
        preferences.representation = return_named(value);
    }
}

}  // namespace

Preferences preferences_of(const http::Request& request) {
    Preferences preferences;
    for (const auto& [name, value] : request.headers) {
        std::string_view rest = name == "prefer" ? std::string_view(value) : std::string_view{};
        while (!rest.empty()) {
            const std::size_t end = find_unquoted(rest, ",");
            const std::string_view item = rest.substr(0, end);
            read_preference(item.substr(0, find_unquoted(item, ";")), preferences);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return preferences;
}

void note_applied(http::Response& response, std::string_view preference) {
    for (auto& [name, value] : response.headers) {
        if (name == applied_header) {
            value += ", ";
            value += preference;
            return;
        }
    }
    response.set(std::string(applied_header), std::string(preference));
}

}  // namespace bascule::scim

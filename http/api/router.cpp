#include "http/api/router.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace bascule::http {
namespace {

constexpr std::string_view one_segment = "{}";
constexpr std::string_view rest_of_path = "{*}";

/// Segments between slashes; a slash at the end adds none.
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    if (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return segments;
}

std::string join(const std::vector<std::string>& segments, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < segments.size(); ++i) {
        text += (i == from ? "" : "/") + segments[i];
    }
    return text;
}

/// The parameters when the pattern fits. {} takes no empty segment.
std::optional<std::vector<std::string>> fit(
    const std::vector<std::string>& pattern, const std::vector<std::string>& segments
) {
    std::vector<std::string> parameters;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == rest_of_path) {
            parameters.push_back(join(segments, i));
            return parameters;
        }
        if (i >= segments.size()) {
            return std::nullopt;
        }
        if (pattern[i] == one_segment) {
            if (segments[i].empty()) {
                return std::nullopt;
            }
            parameters.push_back(segments[i]);
        } else if (pattern[i] != segments[i]) {
            return std::nullopt;
        }
    }
    return segments.size() == pattern.size() ? std::optional(std::move(parameters)) : std::nullopt;
}

int generality(std::string_view segment) {
    if (segment == rest_of_path) {
        return 2;
    }
    return segment == one_segment ? 1 : 0;
}

/// True when `left` is the more specific of two patterns that fit the same path.
bool more_specific(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        if (generality(left[i]) != generality(right[i])) {
            return generality(left[i]) < generality(right[i]);
        }
    }
    return left.size() > right.size();
}

}  // namespace

Status Router::add(Route route) {
    for (const Route& other : routes_) {
        if (other.method == route.method && other.pattern == route.pattern) {
            return fail(
                ErrorKind::conflict, "duplicate_route",
                "Two routes answer " + std::string(to_string(route.method)) + " " + route.pattern +
                    "; each method and pattern may be added once."
            );
        }
    }
    const auto segments = split(route.pattern);
    patterns_.emplace_back(segments.begin(), segments.end());
    routes_.push_back(std::move(route));
    return {};
}

Router::Match Router::match(Method method, std::string_view raw_path) const {
    std::vector<std::string> segments;
    for (const std::string_view segment : split(raw_path)) {
        segments.push_back(percent_decode(segment));
    }
    Match match;
    std::size_t best = routes_.size();
    const auto consider = [&](Method wanted) {
        for (std::size_t i = 0; i < routes_.size(); ++i) {
            if (routes_[i].method != wanted) {
                continue;
            }
            auto parameters = fit(patterns_[i], segments);
            if (parameters &&
                (best == routes_.size() || more_specific(patterns_[i], patterns_[best]))) {
                best = i;
                match.parameters = *std::move(parameters);
            }
        }
    };
    consider(method);
    if (best == routes_.size() && method == Method::head) {
        consider(Method::get);
    }
    if (best != routes_.size()) {
        match.route = &routes_[best];
        return match;
    }
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        const Method other = routes_[i].method;
        const auto& allowed = match.allowed;
        if (std::find(allowed.begin(), allowed.end(), other) == allowed.end() &&
            fit(patterns_[i], segments)) {
            match.allowed.push_back(other);
        }
    }
    return match;
}

}  // namespace bascule::http

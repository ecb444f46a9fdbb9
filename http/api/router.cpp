#include "http/api/router.hpp"

#include <algorithm>
#include <utility>

namespace bascule::http {
namespace {

constexpr std::string_view one_segment = "{}";
constexpr std::string_view rest_of_path = "{*}";

/// Segments between slashes; a slash at the end adds none.
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    segments.reserve(8);
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

}  // namespace

/// Looks for the routes of one path. The tree is walked depth first, literal segments before {} and
/// {} before {*}, so that the first route that fits is the most specific one.
class Router::Search {
  public:
    Search(const Router& router, std::string_view path) : router_(router), segments_(split(path)) {
        if (path.find('%') == std::string_view::npos) {
            return;
        }
        decoded_.reserve(segments_.size());  // the views refer to its elements
        for (std::string_view& segment : segments_) {
            segment = decoded_.emplace_back(percent_decode(segment));
        }
    }

    /// The best route of that method.
    const Route* find(Method method) {
        found_ = nullptr;
        each(0, 0, [&](const Route& route) {
            found_ = route.method == method ? &route : nullptr;
            return found_ != nullptr;
        });
        return found_;
    }

    /// Methods of the routes that fit, in the order in which these were added.
    std::vector<Method> methods() {
        std::vector<const Route*> fitting;
        each(0, 0, [&](const Route& route) {
            fitting.push_back(&route);
            return false;
        });
        std::sort(fitting.begin(), fitting.end());
        std::vector<Method> methods;
        for (const Route* route : fitting) {
            if (std::find(methods.begin(), methods.end(), route->method) == methods.end()) {
                methods.push_back(route->method);
            }
        }
        return methods;
    }

    /// What {} and {*} stand for in a route that fits.
    std::vector<std::string> parameters(const Route& route) const {
        std::vector<std::string> values;
        const auto pattern = split(route.pattern);
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i] == rest_of_path) {
                values.push_back(rest(i));
            } else if (pattern[i] == one_segment) {
                values.emplace_back(segments_[i]);
            }
        }
        return values;
    }

  private:
    /// Calls `take` for the routes that fit from `depth` on, until it returns true; whether it did.
    template <class Take>
    bool each(std::size_t node_number, std::size_t depth, const Take& take) const {
        const Node& node = router_.nodes_[node_number];
        if (depth == segments_.size()) {
            return any_of(node.ending, take) || any_of(node.with_rest, take);
        }
        const auto literal = node.literals.find(segments_[depth]);
        if (literal != node.literals.end() && each(literal->second, depth + 1, take)) {
            return true;
        }
        if (node.any != 0 && !segments_[depth].empty() && each(node.any, depth + 1, take)) {
            return true;
        }
        return any_of(node.with_rest, take);
    }

    template <class Take>
    bool any_of(const std::vector<std::size_t>& routes, const Take& take) const {
        return std::any_of(routes.begin(), routes.end(), [&](std::size_t number) {
            return take(router_.routes_[number]);
        });
    }

    std::string rest(std::size_t from) const {
        std::string text;
        for (std::size_t i = from; i < segments_.size(); ++i) {
            text.append(i == from ? "" : "/").append(segments_[i]);
        }
        return text;
    }

    const Router& router_;
    std::vector<std::string_view> segments_;
    std::vector<std::string> decoded_;
    const Route* found_ = nullptr;
};

std::size_t Router::child(std::size_t node, std::string_view segment) {
    std::size_t next = nodes_.size();
    if (segment == one_segment) {
        next = nodes_[node].any == 0 ? next : nodes_[node].any;
        nodes_[node].any = next;
    } else {
        next = nodes_[node].literals.try_emplace(std::string(segment), next).first->second;
    }
    if (next == nodes_.size()) {
        nodes_.emplace_back();
    }
    return next;
}

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
    std::size_t node = 0;
    bool takes_rest = false;
    for (const std::string_view segment : split(route.pattern)) {
        takes_rest = segment == rest_of_path;
        node = takes_rest ? node : child(node, segment);
    }
    (takes_rest ? nodes_[node].with_rest : nodes_[node].ending).push_back(routes_.size());
    routes_.push_back(std::move(route));
    return {};
}

Router::Match Router::match(Method method, std::string_view raw_path) const {
    Search search(*this, raw_path);
    Match match;
    match.route = search.find(method);
    if (match.route == nullptr && method == Method::head) {
        match.route = search.find(Method::get);
    }
    if (match.route != nullptr) {
        match.parameters = search.parameters(*match.route);
    } else {
        match.allowed = search.methods();
    }
    return match;
}

}  // namespace bascule::http

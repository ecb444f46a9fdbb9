#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "http/api/message.hpp"

namespace bascule::http {

/// Where a handler runs. `inline_` answers on the I/O thread: short indexed reads only.
/// `waiting` is for handlers that mostly wait (long polls).
enum class Pool { inline_, read, write, password, admin, waiting };

using Handler = std::function<Response(const Request&, const RequestContext&)>;

struct Route {
    Method method = Method::get;
    /// "/scim/v2/Users/{}" : each {} takes one segment, a final {*} the rest.
    std::string pattern;
    Pool pool = Pool::read;
    std::size_t body_limit = std::size_t{1} << 20;
    std::string description;  ///< one sentence for the reference
    /// Answers hold no secret beside what a client sent, whose length under compression would tell
    /// about it.
    bool may_compress = false;
    Handler handler;
    /// Where this very request runs, when that depends on its query (an indexed look-up or a scan);
    /// `pool` when empty. Called on the I/O thread before the body is read: cheap, and must not
    /// look at the body.
    std::function<Pool(const Request&)> choose_pool;

    [[nodiscard]] Pool pool_for(const Request& request) const {
        return choose_pool ? choose_pool(request) : pool;
    }
};

/// Finds the route of a request. Built at start; `add` refuses duplicates; then immutable and
/// thread-safe.
class Router {
  public:
    /// `conflict`/"duplicate_route" when method and pattern exist.
    [[nodiscard]] Status add(Route route);

    struct Match {
        const Route* route = nullptr;
        std::vector<std::string> parameters;  ///< decoded
        std::vector<Method> allowed;  ///< filled when the path exists with other methods (405)
    };
    /// `raw_path` is still percent-encoded; an encoded slash never separates segments, a slash at
    /// the end is ignored. Of several fitting patterns the one with the earlier literal segments
    /// wins; HEAD falls back to GET.
    [[nodiscard]] Match match(Method method, std::string_view raw_path) const;
    [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  private:
    class Search;
    /// A place in the tree of segments. Children are positions in `nodes_`, routes in `routes_`.
    struct Node {
        std::map<std::string, std::size_t, std::less<>> literals;
        std::size_t any = 0;  ///< the child of {}, 0 when there is none
        std::vector<std::size_t> ending;
        std::vector<std::size_t> with_rest;  ///< routes that go on with {*}
    };

    [[nodiscard]] std::size_t child(std::size_t node, std::string_view segment);

    std::vector<Route> routes_;
    std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace bascule::http

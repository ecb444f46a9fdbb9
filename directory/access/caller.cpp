#include "directory/access/caller.hpp"

#include <algorithm>

namespace bascule::access {

bool Caller::has_scope(std::string_view scope) const {
    const auto held = [&](std::string_view wanted) {
        return std::ranges::find(scopes, wanted) != scopes.end();
    };
    constexpr std::string_view read = ":read";
    if (held(scope)) {
        return true;
    }
    return scope.ends_with(read) &&
           held(std::string(scope.substr(0, scope.size() - read.size())) + ":write");
}

}  // namespace bascule::access

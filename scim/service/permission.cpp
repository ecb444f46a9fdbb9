#include "scim/service/permission.hpp"

#include <string>

namespace bascule::scim {

Error insufficient_scope(std::string_view scope) {
    return Error{
        ErrorKind::forbidden,
        "insufficient_scope",
        "This needs the scope " + std::string(scope) + ", which the token does not have.",
        {},
        {}};
}

Status require_scope(const access::Caller& caller, std::string_view scope) {
    return caller.has_scope(scope) ? Status{} : fail(insufficient_scope(scope));
}

}  // namespace bascule::scim

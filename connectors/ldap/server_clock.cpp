#include "connectors/ldap/server_clock.hpp"

#include <string>

#include "connectors/ldap/directory_search.hpp"

namespace bascule::ldap {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds smallest_offset{2'000};

Time our_time() {
    return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

milliseconds clock_offset(std::string_view told) {
    const auto theirs = parse_generalized_time(told);
    if (!theirs) {
        return milliseconds(0);
    }
    const auto offset = *theirs - our_time();
    return offset > -smallest_offset && offset < smallest_offset ? milliseconds(0) : offset;
}

Time server_time(WorkConnection& work, const ClockLocation& where, Deadline deadline) {
    const std::string attribute(where.attribute);
    const auto entry = find_entry(work, std::string(where.dn), {attribute}, deadline);
    const bool told = entry && *entry;
    return our_time() + (told ? clock_offset((*entry)->first_value(attribute)) : milliseconds(0));
}

}  // namespace bascule::ldap

#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// A part of the tree in which people stand, with some of them.
struct Container {
    std::string dn;
    std::vector<std::string> people;  ///< DNs, a few
};

/// The people that are looked at in place of all.
struct People {
    std::vector<Container> containers;
    std::vector<directory::SourceEntry> entries;  ///< some people and groups, with their attributes
    std::size_t count = 0;                        ///< people that were seen
};

/// The name of the entry above; empty for a name of one part.
[[nodiscard]] std::string parent_dn(const std::string& dn);

/// The lowest entry that holds all these containers.
[[nodiscard]] std::string common_ancestor(const std::vector<std::string>& containers);

/// How people are found.
struct PeopleSearch {
    std::string base;
    std::string users;   ///< filter
    std::string groups;  ///< filter
    std::vector<std::string> attributes;
    bool paged = false;
    std::chrono::milliseconds patience{};
};

/// Reads some people and groups, and one person at least of every organizational unit.
[[nodiscard]] People find_people(Connection& connection, const PeopleSearch& search);

}  // namespace bascule::ldap

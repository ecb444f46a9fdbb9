#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {

/// What a daemon serves, reduced to what a plan tells: attributes and members by id.
struct ServedObject {
    std::string type;
    std::map<std::string, nlohmann::json> attributes;  ///< by path, manager included
    std::set<std::string> members;                     ///< ids of direct ones
    bool operator==(const ServedObject&) const = default;
};
using ServedObjects = std::map<std::string, ServedObject>;

ServedObjects served_by(const DaemonRig& daemon);

/// The differences of an exported plan, one JSON object a line.
std::vector<nlohmann::json> exported_lines(const std::string& path);

/// `objects` as a plan says they would be.
ServedObjects after_plan(ServedObjects objects, const std::vector<nlohmann::json>& lines);

/// What differs, in words; empty when nothing does.
std::string difference_of(const ServedObjects& expected, const ServedObjects& found);

}  // namespace bascule::test

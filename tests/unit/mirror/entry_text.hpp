#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>

#include "connectors/ldap/dn.hpp"
#include "directory/base/text.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::test {

inline std::string decode_hex(std::string_view hex) {
    std::string out;
    for (std::size_t index = 0; index + 1 < hex.size(); index += 2) {
        out += static_cast<char>(std::stoi(std::string(hex.substr(index, 2)), nullptr, 16));
    }
    return out;
}

/// An entry from lines "name: value"; "name:# 00ff" gives bytes. The line "dn:" gives the DN,
/// "entryUUID:" the anchor.
inline directory::SourceEntry parse_entry(std::string_view text) {
    directory::SourceEntry entry;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (line.empty() || colon == std::string::npos)
            continue;
        const std::string name = line.substr(0, colon);
        const bool bytes = line.size() > colon + 1 && line[colon + 1] == '#';
        const std::size_t from = std::min(line.size(), colon + (bytes ? 3 : 2));
        const std::string value = bytes ? decode_hex(line.substr(from)) : line.substr(from);
        if (name == "dn") {
            entry.dn = value;
            entry.dn_key = ldap::dn_key_or_raw(value);
            continue;
        }
        if (name == "entryUUID")
            entry.anchor = *parse_uuid(value);
        const auto found = std::find_if(
            entry.attributes.begin(), entry.attributes.end(),
            [&](const auto& attribute) { return equals_ignoring_ascii_case(attribute.name, name); }
        );
        if (found != entry.attributes.end()) {
            found->values.push_back(value);
        } else {
            entry.attributes.push_back({name, {value}});
        }
    }
    return entry;
}

}  // namespace bascule::test

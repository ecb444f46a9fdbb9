#include "connectors/ldap/material.hpp"

#include <array>
#include <fstream>
#include <string>

#include "directory/base/sha256.hpp"

namespace bascule::ldap {
namespace {

/// Each part with its length, so that no two lists of parts look the same.
void add(Sha256& digest, std::string_view bytes) {
    digest.add(std::to_string(bytes.size()) + ":");
    digest.add(bytes);
}

void add_file(Sha256& digest, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 4096> buffer{};
    while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
        add(digest, {buffer.data(), static_cast<std::size_t>(file.gcount())});
    }
    buffer.fill('\0');
}

}  // namespace

std::string material_of(const ConnectionOptions& options) {
    Sha256 digest;
    for (const auto& path :
         {options.ca_file, options.certificate_file, options.key_file, options.keytab_file}) {
        add(digest, path);
        if (!path.empty()) {
            add_file(digest, path);
        }
    }
    if (!options.bind_dn.empty() && options.secret) {
        if (const auto secret = options.secret()) {
            add(digest, secret->reveal());
        }
    }
    return digest.hex();
}

}  // namespace bascule::ldap

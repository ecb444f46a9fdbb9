#include "connectors/ldap/material.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace bascule::ldap {
namespace {

class Digest {
  public:
    Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
        EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    }
    void add(std::string_view bytes) {
        const auto size = bytes.size();
        EVP_DigestUpdate(context_.get(), &size, sizeof size);
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    void add_file(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        std::array<char, 4096> buffer{};
        while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
            add({buffer.data(), static_cast<std::size_t>(file.gcount())});
        }
        buffer.fill('\0');
    }
    [[nodiscard]] std::string finish() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        unsigned size = 0;
        EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
        return {bytes.begin(), bytes.begin() + size};
    }

  private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

std::string material_of(const ConnectionOptions& options) {
    Digest digest;
    for (const auto& path :
         {options.ca_file, options.certificate_file, options.key_file, options.keytab_file}) {
        digest.add(path);
        if (!path.empty()) {
            digest.add_file(path);
        }
    }
    if (!options.bind_dn.empty() && options.secret) {
        if (const auto secret = options.secret()) {
            digest.add(secret->reveal());
        }
    }
    return digest.finish();
}

}  // namespace bascule::ldap

#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace bascule {

/// SHA-256 (FIPS 180-4) of what is added, piece by piece, as quick as the processor has it. For
/// telling whether two contents are the same; passwords have their own functions. Used by one
/// thread at a time.
class Sha256 {
  public:
    using Digest = std::array<unsigned char, 32>;

    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void add(std::string_view bytes);
    /// The digest of what was added since the beginning or the last digest.
    [[nodiscard]] Digest finish();
    /// The same in hexadecimal.
    [[nodiscard]] std::string hex();

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// The digest of one text, in hexadecimal.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace bascule

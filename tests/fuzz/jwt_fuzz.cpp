#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portal/api/jwt.hpp"

/// A token is refused, or can be asked everything; a set of keys likewise. The first byte chooses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    namespace portal = bascule::portal;
    if (input.starts_with('{')) {
        if (const auto keys = portal::KeySet::parse(input); keys && !(*keys)->has("")) {
            std::abort();
        }
        return 0;
    }
    static const auto keys =
        portal::KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"a",)"
                              R"("x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",)"
                              R"("y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]})");
    const auto jwt = portal::parse_jwt(input);
    if (!jwt) {
        return 0;
    }
    (void)portal::check_times(*jwt, bascule::Time{});
    (void)portal::is_for(*jwt, "x");
    (void)jwt->text_claim("sub");
    // The key signs nothing here: whatever passes is a hole.
    if (!keys || (*keys)->verify(*jwt, portal::public_key_algorithms())) {
        std::abort();
    }
    return 0;
}

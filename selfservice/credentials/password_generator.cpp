#include "selfservice/credentials/password_generator.hpp"

#include <sodium.h>

#include <string>
#include <string_view>

namespace bascule::selfservice {

Secret generate_temporary_password() {
    // Without 0 and o, 1, i and l.
    constexpr std::string_view alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
    constexpr int groups = 4;
    constexpr int group_size = 4;
    std::string text;
    text.reserve(groups * (group_size + 1));
    for (int group = 0; group < groups; ++group) {
        if (group > 0) {
            text.push_back('-');
        }
        for (int i = 0; i < group_size; ++i) {
            text.push_back(
                alphabet[randombytes_uniform(static_cast<std::uint32_t>(alphabet.size()))]
            );
        }
    }
    return Secret(std::move(text));
}

}  // namespace bascule::selfservice

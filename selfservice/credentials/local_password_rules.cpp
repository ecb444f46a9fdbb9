#include "selfservice/credentials/local_password_rules.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "directory/base/text.hpp"

namespace bascule::selfservice {

Status check_local_password(const Secret& password, std::string_view user_name) {
    constexpr std::ptrdiff_t shortest = 12;
    constexpr std::size_t longest = 1024;
    const std::string_view text = password.reveal();
    const auto refuse = [](std::string code, std::string detail) {
        return fail(Error{
            ErrorKind::policy_rejected, std::move(code), std::move(detail), "newPassword", {}});
    };
    if (!is_valid_utf8(text)) {
        return refuse("password_quality", "The password is not valid text.");
    }
    const auto characters = std::ranges::count_if(text, [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    if (characters < shortest) {
        return refuse(
            "password_too_short", "The password needs at least 12 characters. Nothing was changed."
        );
    }
    if (text.size() > longest) {
        return refuse(
            "password_too_long", "The password may have at most 1024 bytes. Nothing was changed."
        );
    }
    constexpr std::size_t telling_name = 3;
    std::string folded = fold_case(text);
    const bool names_user =
        user_name.size() >= telling_name && folded.find(fold_case(user_name)) != std::string::npos;
    wipe(folded);
    if (names_user) {
        return refuse(
            "password_quality",
            "The password contains the user name. Choose another. Nothing was changed."
        );
    }
    return {};
}

}  // namespace bascule::selfservice

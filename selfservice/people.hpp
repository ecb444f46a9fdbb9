#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/ports/store.hpp"

namespace bascule::selfservice {

/// What self-service needs to know of a user.
struct Person {
    directory::ObjectRow row;
    std::string user_name;
    std::string display_name;
    std::string mail;  ///< the primary or first address, may be empty
    bool active = true;
};

/// Reads the stored document of a user.
[[nodiscard]] Person person_of(const directory::Object& user);

/// The one live user with that name (compared without case), or nothing.
[[nodiscard]] Result<std::optional<Person>> find_person(
    directory::Reader& reader, const directory::Registry& registry, std::string_view user_name
);

/// The user with that id; `not_found` when there is none or it is another type of object.
[[nodiscard]] Result<Person> require_person(
    directory::Reader& reader, const directory::Registry& registry, const Uuid& id
);

}  // namespace bascule::selfservice

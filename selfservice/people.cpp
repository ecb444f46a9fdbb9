#include "selfservice/people.hpp"

#include "directory/base/json_text.hpp"

namespace bascule::selfservice {
namespace {

std::string primary_mail(std::string_view body) {
    const std::string_view emails = json_member(body, "emails");
    if (emails.empty()) {
        return {};
    }
    std::string first;
    JsonElements elements(emails);
    while (const auto element = elements.next()) {
        std::string value = json_text_member(*element, "value").value_or("");
        if (json_member(*element, "primary") == "true") {
            return value;
        }
        if (first.empty()) {
            first = std::move(value);
        }
    }
    return first;
}

}  // namespace

Person person_of(const directory::Object& user) {
    Person person;
    person.row = user.row;
    person.user_name = json_text_member(user.body, "userName").value_or("");
    person.display_name = json_text_member(user.body, "displayName").value_or(user.row.display);
    person.mail = primary_mail(user.body);
    person.active = json_member(user.body, "active") != "false";
    return person;
}

Result<std::optional<Person>> find_person(
    directory::Reader& reader, const directory::Registry& registry, std::string_view user_name
) {
    const auto attribute = registry.find_attribute(registry.type("User"), {"", "userName", ""});
    if (!attribute) {
        return fail(ErrorKind::internal, "no_user_name", "The schema of users has no userName.");
    }
    BASCULE_TRY(const auto found, reader.find_by_term(*attribute, user_name, 2));
    if (found.size() != 1) {
        return std::optional<Person>{};
    }
    return std::optional<Person>{person_of(found.front())};
}

Result<Person> require_person(
    directory::Reader& reader, const directory::Registry& registry, const Uuid& id
) {
    BASCULE_TRY(const auto object, reader.find(id));
    if (!object || object->row.type != registry.type("User")) {
        return fail(ErrorKind::not_found, "not_found", "There is no user with this id.");
    }
    return person_of(*object);
}

}  // namespace bascule::selfservice

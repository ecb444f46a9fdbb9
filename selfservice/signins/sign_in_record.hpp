#pragma once

#include "directory/model/journal.hpp"
#include "selfservice/people.hpp"
#include "selfservice/signins/session_service.hpp"

namespace bascule::selfservice {

/// The journal record of an attempt to sign in.
[[nodiscard]] directory::JournalRecord sign_in_record(const SignInOrigin& origin);

/// Puts the person into the record, as actor and as target.
void name_person(directory::JournalRecord& record, const Person& person);

}  // namespace bascule::selfservice

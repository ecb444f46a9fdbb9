#include "scim/service/given_password.hpp"

#include <utility>

#include "directory/base/json_text.hpp"

namespace bascule::scim {

void GivenPassword::give(std::optional<Secret> password, std::string_view body) {
    password_ = std::move(password);
    user_name_ = json_text_member(body, "userName").value_or("");
}

void GivenPassword::hash(const Engine& engine) {
    if (!password_ || hashed_) {
        return;
    }
    hashed_ = engine.with.credentials == nullptr
                  ? Result<std::string>{}
                  : engine.with.credentials->hash(*password_, user_name_);
    if (!*hashed_ && hashed_->error().kind == ErrorKind::policy_rejected) {
        Error& error = hashed_->error();
        error.kind = ErrorKind::invalid_input;
        error.code = "invalid_value";
        error.field = "password";
    }
}

Status GivenPassword::put_into(WantedState& wanted) const {
    if (password_ && hashed_) {
        wanted.has_password = true;
        BASCULE_TRY(wanted.password_hash, *hashed_);
    }
    return {};
}

}  // namespace bascule::scim

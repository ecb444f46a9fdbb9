#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/base/secret.hpp"
#include "scim/service/engine.hpp"
#include "scim/service/object_change.hpp"

namespace bascule::scim {

/// A password of a request and its hash. Hashing is slow by intent, so never inside a transaction.
class GivenPassword {
  public:
    /// `body` is the user's document, against whose userName the password is checked.
    void give(std::optional<Secret> password, std::string_view body);
    [[nodiscard]] bool is_given() const { return password_.has_value(); }
    [[nodiscard]] bool is_hashed() const { return hashed_.has_value(); }

    /// Once; a password against the rules is `invalid_value`.
    void hash(const Engine& engine);
    /// The hash, when there is one; the error of hash().
    [[nodiscard]] Status put_into(WantedState& wanted) const;

  private:
    std::optional<Secret> password_;
    std::string user_name_;
    std::optional<Result<std::string>> hashed_;
};

}  // namespace bascule::scim

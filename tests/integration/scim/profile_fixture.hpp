#pragma once

#include <string>

#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {

/// The service with a profile for every word of every switch: "unknown_path-refuse" is the lenient
/// profile with that switch at that word.
class ScimProfileTest : public ScimServiceTest {
  protected:
    ScimProfileTest();

    /// Requests from here on come from a client with this profile.
    void use(const std::string& profile) { profile_ = profile; }
    /// One PATCH operation on a fresh user with these attributes.
    Answer patch_fresh(const Json& more, const Json& operation);
    Answer post_user(Json more);
};

/// The `detail` of a refusal names profile and switch.
testing::AssertionResult names_switch(
    const Answer& answer, const std::string& profile, const std::string& name
);

}  // namespace bascule::scim::tests

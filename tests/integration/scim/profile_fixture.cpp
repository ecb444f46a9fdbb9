#include "tests/integration/scim/profile_fixture.hpp"

#include <fmt/format.h>

#include "scim/profile/client_profile.hpp"

namespace bascule::scim::tests {
namespace {

std::string every_switch() {
    std::string lines = "scim:\n  profiles:\n    three-a-page: { largest_page: 3 }\n";
    for (const ProfileSwitch& one : profile_switches()) {
        for (const std::string_view word : one.words) {
            lines += fmt::format("    {0}-{1}: {{ {0}: {1} }}\n", one.name, word);
        }
    }
    return lines;
}

}  // namespace

ScimProfileTest::ScimProfileTest() : ScimServiceTest(every_switch()) {}

Answer ScimProfileTest::patch_fresh(const Json& more, const Json& operation) {
    static int count = 0;
    const std::string id = add_user("fresh" + std::to_string(++count), more);
    return patch("/Users/" + id, Json{operation});
}

Answer ScimProfileTest::post_user(Json more) {
    static int count = 0;
    more["userName"] = "posted" + std::to_string(++count);
    if (!more.contains("schemas")) {
        more["schemas"] = {user_schema};
    }
    return post("/Users", more);
}

testing::AssertionResult names_switch(
    const Answer& answer, const std::string& profile, const std::string& name
) {
    const bool names =
        answer.detail().find("the profile '" + profile + "' refuses") != std::string::npos &&
        answer.detail().find("(" + name + ")") != std::string::npos;
    return names ? testing::AssertionSuccess() : testing::AssertionFailure() << answer.text;
}

}  // namespace bascule::scim::tests

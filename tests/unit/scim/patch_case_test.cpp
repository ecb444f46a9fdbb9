#include "scim/patch/patch.hpp"
#include "tests/unit/scim/case_file.hpp"
#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* patch_urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

std::string text_of(const EdgeChange& change) {
    static constexpr const char* actions[] = {"add", "remove", "replace", "clear"};
    const char* kind = change.kind == directory::EdgeKind::member    ? "member"
                       : change.kind == directory::EdgeKind::manager ? "manager"
                                                                     : "unit_member";
    std::string text = std::string(actions[static_cast<int>(change.action)]) + " " + kind;
    for (const std::string& target : change.targets) {
        text += " " + target;
    }
    return text;
}

/// Plays one case file.
class PatchPlayer {
  public:
    void play(const CaseLine& line) {
        if (line.keyword == "type") {
            type_ = &fixture().type(line.text);
        } else if (line.keyword == "seed") {
            finish();
            seed_ = stored(line.text);
        } else if (line.keyword == "patch") {
            finish();
            run(line);
        } else if (line.keyword == "body") {
            EXPECT_EQ(error_, "");
            EXPECT_EQ(outcome_.body, stored(line.text));
        } else if (line.keyword == "same") {
            EXPECT_EQ(error_, "");
            EXPECT_EQ(outcome_.body, seed_);
        } else if (line.keyword == "error") {
            EXPECT_EQ(error_.substr(0, error_.find(' ')), line.text) << error_;
        } else if (line.keyword == "edges") {
            wanted_edges_.push_back(line.text);
        } else if (line.keyword == "password") {
            EXPECT_TRUE(outcome_.password && outcome_.password->reveal() == line.text);
        } else {
            ADD_FAILURE() << "unknown word " << line.keyword;
        }
    }

    /// Edges are compared when all expectations of a patch were read.
    void finish() {
        std::vector<std::string> edges;
        for (const EdgeChange& change : outcome_.edges) {
            edges.push_back(text_of(change));
        }
        EXPECT_EQ(edges, wanted_edges_) << "of the patch in line " << patch_line_;
        outcome_ = PatchOutcome();
        wanted_edges_.clear();
    }

  private:
    [[nodiscard]] std::string stored(const std::string& text) const {
        Json json = json_of(text);
        json["id"] = "1";
        auto body = canonical_body(json, *fixture().schemas, *type_);
        EXPECT_TRUE(body) << text;
        return body.value_or("");
    }

    void run(const CaseLine& line) {
        patch_line_ = line.number;
        const Json message = {{"schemas", {patch_urn}}, {"Operations", json_of(line.text)}};
        auto outcome = apply_patch(message, seed_, *fixture().schemas, *type_, fixture().registry);
        error_ = outcome ? "" : outcome.error().code + " " + outcome.error().detail;
        outcome_ = outcome ? std::move(*outcome) : PatchOutcome();
    }

    const ResourceType* type_ = nullptr;
    std::string seed_;
    PatchOutcome outcome_;
    std::string error_;
    std::vector<std::string> wanted_edges_;
    int patch_line_ = 0;
};

class PatchCase : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(PatchCase, DoesWhatTheFileSays) {
    PatchPlayer player;
    for (const CaseLine& line : read_case(GetParam())) {
        SCOPED_TRACE(GetParam().filename().string() + ":" + std::to_string(line.number));
        player.play(line);
    }
    player.finish();
}

INSTANTIATE_TEST_SUITE_P(
    Files, PatchCase, testing::ValuesIn(case_files("patch")),
    [](const auto& file) { return file.param.stem().string(); }
);

std::string apply(const std::string& message, const char* type = "User") {
    const std::string body =
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"mira"})";
    const auto outcome = apply_patch(
        json_of(message), body, *fixture().schemas, fixture().type(type), fixture().registry
    );
    return outcome ? outcome->body : outcome.error().code;
}

TEST(PatchMessage, NeedsItsSchemaAndOperations) {
    const std::string schemas = std::string(R"("schemas":[")") + patch_urn + "\"]";
    EXPECT_EQ(apply("[]"), "invalid_syntax");
    EXPECT_EQ(
        apply(R"({"Operations":[{"op":"add","path":"title","value":"x"}]})"), "invalid_syntax"
    );
    EXPECT_EQ(
        apply(R"({"schemas":["urn:x"],"Operations":[{"op":"add","path":"title","value":"x"}]})"),
        "invalid_syntax"
    );
    EXPECT_EQ(apply("{" + schemas + "}"), "invalid_syntax");
    EXPECT_EQ(apply("{" + schemas + R"(,"Operations":[]})"), "invalid_syntax");
    EXPECT_EQ(apply("{" + schemas + R"(,"Operations":{}})"), "invalid_syntax");
    EXPECT_EQ(apply("{" + schemas + R"(,"Operations":[7]})"), "invalid_syntax");
    EXPECT_NE(
        apply("{" + schemas + R"(,"operations":[{"OP":"Add","Path":"title","VALUE":"x"}]})")
            .find("\"title\":\"x\""),
        std::string::npos
    );
}

Json members_message(const char* op, int count) {
    Json operations = Json::array();
    for (int i = 0; i < count; ++i) {
        operations.push_back(
            {{"op", op}, {"path", "members"}, {"value", {{{"value", std::to_string(i)}}}}}
        );
    }
    return {{"schemas", {patch_urn}}, {"Operations", operations}};
}

TEST(PatchMembers, JoinsThousandsOfOperationsIntoOneChange) {
    const std::string body =
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"1","displayName":"G"})";
    const auto outcome = apply_patch(
        members_message("remove", 9000), body, *fixture().schemas, fixture().type("Group"),
        fixture().registry
    );
    ASSERT_TRUE(outcome);
    ASSERT_EQ(outcome->edges.size(), 1U);
    EXPECT_EQ(outcome->edges.front().targets.size(), 9000U);
    const auto refused = apply_patch(
        members_message("add", 10001), body, *fixture().schemas, fixture().type("Group"),
        fixture().registry
    );
    EXPECT_EQ(code_of(refused), "too_large");
}

}  // namespace
}  // namespace bascule::scim

#include <sstream>

#include "directory/query/evaluator.hpp"
#include "scim/filter/filter.hpp"
#include "tests/unit/scim/case_file.hpp"
#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

using directory::Filter;

struct Seed {
    std::string name;
    directory::ObjectRow row;
    std::string body;
    std::map<directory::EdgeKind, std::vector<std::string>> edges;
    nlohmann::ordered_json given;
};

Seed make_seed(std::size_t index, const std::string& text, const ResourceType& type) {
    Seed seed;
    const std::size_t space = text.find(' ');
    seed.name = text.substr(0, space);
    seed.given = json_of(text.substr(space + 1));
    auto draft = decode_resource(seed.given, *fixture().schemas, type, DraftPurpose::create);
    EXPECT_TRUE(draft) << text;
    if (draft) {
        seed.body = draft->body;
        seed.edges = draft->edges;
    }
    seed.row.id = parse_uuid("00000000-0000-0000-0000-00000000000" + std::to_string(index)).value();
    seed.row.created = parse_time("2026-01-0" + std::to_string(index) + "T00:00:00Z").value();
    seed.row.modified = seed.row.created;
    return seed;
}

std::vector<std::string> other_ends(const Seed& seed, const Filter& filter) {
    std::vector<std::string> ids;
    if (filter.kind == Filter::Kind::edge_from || filter.kind == Filter::Kind::has_edges_from) {
        for (const auto& group : seed.given.value("groups", nlohmann::ordered_json::array())) {
            ids.push_back(group["value"]);
        }
    } else if (const auto found = seed.edges.find(filter.edge); found != seed.edges.end()) {
        ids = found->second;
    }
    return ids;
}

bool has_edge(const Seed& seed, const Filter& filter) {
    const bool wants_target =
        filter.kind == Filter::Kind::edge_to || filter.kind == Filter::Kind::edge_from;
    const auto ids = other_ends(seed, filter);
    return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
        return (id == filter.target.to_string()) == wants_target;
    });
}

class FilterCase : public testing::TestWithParam<std::filesystem::path> {};

std::string outcome_of(
    const std::string& text, const ResourceType& type, const std::vector<Seed>& seeds
) {
    const auto filter = compile_filter(text, *fixture().schemas, type, fixture().registry);
    if (!filter) {
        return filter.error().code + " " + filter.error().detail;
    }
    std::string names;
    for (const Seed& seed : seeds) {
        const auto edges = [&](const Filter& edge) { return has_edge(seed, edge); };
        if (matches(*filter, seed.row, seed.body, edges)) {
            names += (names.empty() ? "" : " ") + seed.name;
        }
    }
    return names;
}

TEST_P(FilterCase, MeansWhatTheFileSays) {
    const ResourceType* type = nullptr;
    std::vector<Seed> seeds;
    std::string outcome;
    for (const CaseLine& line : read_case(GetParam())) {
        SCOPED_TRACE(GetParam().filename().string() + ":" + std::to_string(line.number));
        if (line.keyword == "type") {
            type = &fixture().type(line.text);
        } else if (line.keyword == "object") {
            seeds.push_back(make_seed(seeds.size() + 1, line.text, *type));
        } else if (line.keyword == "filter") {
            outcome = outcome_of(line.text, *type, seeds);
        } else if (line.keyword == "matches") {
            EXPECT_EQ(outcome, line.text);
        } else if (line.keyword == "error") {
            EXPECT_THAT(outcome, testing::StartsWith("invalid_filter "));
            EXPECT_THAT(outcome, testing::HasSubstr(line.text));
        } else {
            ADD_FAILURE() << "unknown word " << line.keyword;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Files, FilterCase, testing::ValuesIn(case_files("filter")),
    [](const auto& file) { return file.param.stem().string(); }
);

Result<Filter> compile(
    const std::string& text, bool unknown_is_absent = false, const char* type = "User"
) {
    return compile_filter(
        text, *fixture().schemas, fixture().type(type), fixture().registry, unknown_is_absent
    );
}

std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

TEST(FilterLimits, BoundDepthTermsAndText) {
    EXPECT_EQ(code_of(compile(repeated("(", 50) + "userName pr" + repeated(")", 50))), "ok");
    EXPECT_EQ(
        code_of(compile(repeated("(", 51) + "userName pr" + repeated(")", 51))), "invalid_filter"
    );
    EXPECT_EQ(code_of(compile(repeated("not(", 2000))), "invalid_filter");
    EXPECT_EQ(code_of(compile("userName pr" + repeated(" or title pr", 499))), "ok");
    EXPECT_EQ(code_of(compile("userName pr" + repeated(" or title pr", 500))), "invalid_filter");
    EXPECT_EQ(code_of(compile("userName eq \"" + std::string(8200, 'x') + "\"")), "invalid_filter");
    EXPECT_EQ(code_of(compile("userName eq \"\xff\"")), "invalid_filter");
    EXPECT_EQ(code_of(compile("userName eq \"a\nb\"")), "invalid_filter");
}

TEST(FilterOverSeveralTypes, TreatsUnknownAttributesAsUnassigned) {
    const directory::ObjectRow row;
    const auto holds = [&](const std::string& text) {
        return matches(compile(text, true, "Group").value(), row, R"({"displayName":"G"})", {});
    };
    EXPECT_FALSE(holds("userName eq \"x\""));
    EXPECT_TRUE(holds("userName ne \"x\""));
    EXPECT_TRUE(holds("userName eq null"));
    EXPECT_FALSE(holds("userName pr"));
    EXPECT_TRUE(holds("not (userName pr) and displayName eq \"g\""));
    EXPECT_FALSE(holds("emails[type eq \"work\"]"));
    EXPECT_FALSE(holds("meta.resourceType eq \"User\""));
    EXPECT_TRUE(holds("meta.resourceType eq \"Group\""));
}

TEST(CompileFilter, NamesTheIndexedAttribute) {
    const auto filter = compile("emails co \"x\"").value();
    ASSERT_TRUE(filter.attribute.has_value());
    EXPECT_EQ(fixture().registry.spec(*filter.attribute).path.to_string(), "emails.value");
    EXPECT_FALSE(compile("emails[type eq \"work\"]").value().children.front().attribute.has_value()
    );
}

std::string path_of(const std::string& text, const char* type = "User") {
    const auto path =
        compile_path(text, *fixture().schemas, fixture().type(type), fixture().registry);
    return path ? path->name.path().to_string() + (path->element_filter ? " filtered" : "")
                : path.error().code;
}

TEST(CompilePath, TakesTheGrammarOfPatch) {
    EXPECT_EQ(path_of("userName"), "userName");
    EXPECT_EQ(path_of("name.familyName"), "name.familyName");
    EXPECT_EQ(path_of("emails[type eq \"work\"]"), "emails filtered");
    EXPECT_EQ(
        path_of("emails[type eq \"work\" and value co \"x\"].Value"), "emails.value filtered"
    );
    EXPECT_EQ(path_of("members[value eq \"x\"]", "Group"), "members filtered");
    EXPECT_EQ(path_of("members.$ref", "Group"), "members.$ref");
    EXPECT_EQ(
        path_of("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    );
    EXPECT_EQ(
        path_of("urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"work\"].value"),
        "emails.value filtered"
    );
}

TEST(CompilePath, TellsBadPathsFromBadFilters) {
    for (const char* text :
         {"", " ", "nonsense", "name.nonsense", "emails[type eq \"work\"",
          "userName[value eq \"x\"]", "emails[type eq \"work\"].nonsense",
          "emails[type eq \"work\"].", "emails.type[value pr]", "emails[type pr]x", "a b",
          "emails]", "userName."}) {
        const std::string code = path_of(text);
        EXPECT_TRUE(
            code == "invalid_path" ||
            (std::string(text) == "emails[type eq \"work\"" && code == "invalid_filter")
        ) << text
          << " " << code;
    }
    for (const char* text :
         {"emails[type]", "emails[nonsense eq 1]", "emails[type eq 5]", "emails[]",
          "emails[type xx \"a\"].value"}) {
        EXPECT_EQ(path_of(text), "invalid_filter") << text;
    }
}

}  // namespace
}  // namespace bascule::scim

#include <algorithm>
#include <set>

#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

std::string encoded(const std::string& text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        result += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return result;
}

using Names = std::set<std::string>;

/// What filters find among three people.
class ScimFilter : public ScimServiceTest {
  protected:
    ScimFilter() {
        add_user(
            "ann", {{"name", {{"familyName", "O'Neil"}, {"givenName", "Ann"}}},
                    {"title", "Boss"},
                    {"nickName", "quo\"te\\slash"},
                    {"externalId", "x-1"},
                    {"active", true},
                    {"emails",
                     {{{"value", "ann@x.org"}, {"type", "work"}},
                      {{"value", "ann@y.org"}, {"type", "home"}}}},
                    {enterprise_schema, {{"department", "R&D"}, {"costCenter", "10"}}}}
        );
        ann_ = id_of("ann");
        add_user(
            "bob", {{"title", "clerk"},
                    {"active", false},
                    {"nickName", "Stra\u00dfe"},
                    {"emails", {{{"value", "bob+tag@x.org"}, {"type", "home"}}}},
                    {enterprise_schema, {{"manager", {{"value", ann_}}}}}}
        );
        add_user("cid", {{"nickName", "\U0001F600"}, {"displayName", ""}});
    }
    std::string id_of(const std::string& user_name) {
        return get("/Users?filter=userName+eq+%22" + user_name + "%22")
            .body["Resources"][0]
            .value("id", "");
    }
    /// What is too long for an address goes into a body.
    Answer filtered(const std::string& filter) {
        return filter.size() < 2000
                   ? get("/Users?filter=" + encoded(filter))
                   : post("/Users/.search", {{"schemas", {search_schema}}, {"filter", filter}});
    }
    void finds(const std::string& filter, const Names& expected) {
        const Answer answer = filtered(filter);
        EXPECT_EQ(answer.status, 200) << filter << " " << answer.text;
        Names found;
        for (const Json& resource : answer.body["Resources"]) {
            found.insert(resource.value("userName", ""));
        }
        EXPECT_EQ(found, expected) << filter;
        EXPECT_EQ(answer.body["totalResults"], expected.size()) << filter;
    }
    void refuses(const std::string& filter, const std::string& named = {}) {
        const Answer answer = filtered(filter);
        EXPECT_EQ(answer.status, 400) << filter << " " << answer.text;
        EXPECT_EQ(answer.scim_type(), "invalidFilter") << filter;
        EXPECT_NE(answer.detail().find(named), std::string::npos) << answer.detail();
    }

    std::string ann_;
};

TEST_F(ScimFilter, Check001_NamesOperatorsAndUrnsIgnoreCase) {
    finds(R"(USERNAME Eq "ann")", {"ann"});
    finds(R"(Name.FAMILYname SW "o'")", {"ann"});
    finds(R"(URN:ietf:params:SCIM:schemas:core:2.0:USER:username eq "bob")", {"bob"});
    finds(R"(not (title PR) AND username EQ "cid")", {"cid"});
}

TEST_F(ScimFilter, Check002_ValuesAreJsonLiterals) {
    finds(R"(nickName eq "quo\"te\\slash")", {"ann"});
    finds(R"(userName eq "\u0061nn")", {"ann"});
    finds(R"(nickName eq "\ud83d\ude00")", {"cid"});
    refuses("userName eq \"a\tb\"");
    refuses(R"(nickName eq "\ud83d")");
}

TEST_F(ScimFilter, Check003_PrecedenceIsNotAndOr) {
    finds(R"(userName eq "cid" or title eq "boss" and not (active eq false))", {"ann", "cid"});
    finds(R"((userName eq "cid" or title eq "boss") and not (active eq true))", {"cid"});
}

TEST_F(ScimFilter, Check004_NotNeedsParentheses) {
    finds("not(title pr)", {"cid"});
    finds("not (title pr)", {"cid"});
    refuses(R"(not userName eq "ann")");
}

TEST_F(ScimFilter, Check005_DepthAndSizeAreBounded) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "title pr" + std::string(depth, ')');
    };
    finds(nested(20), {"ann", "bob"});
    refuses(nested(200));
    refuses(nested(3000));
    std::string wide = "title pr";
    for (int part = 0; part < 600; ++part) {
        wide += " or title pr";
    }
    refuses(wide);
}

TEST_F(ScimFilter, Check006_BlanksAreFree) {
    finds(R"(userName   eq   "ann")", {"ann"});
    finds(R"(userName eq"ann")", {"ann"});
    finds(R"(  userName eq "ann"  )", {"ann"});
}

TEST_F(ScimFilter, Check007_BracketsBindToOneElement) {
    finds(R"(emails[type eq "work" and value co "@x"])", {"ann"});
    finds(R"(emails[type eq "work" and value co "@y"])", {});
    finds(R"(emails.type eq "work" and emails.value co "@y")", {"ann"});
}

TEST_F(ScimFilter, Check008_LogicWorksInsideBrackets) {
    finds(R"(emails[(type eq "home" or type eq "other") and not (value co "@y")])", {"bob"});
    refuses(R"(emails[type eq "home" and value[x eq "y"]])");
}

TEST_F(ScimFilter, Check009_SubAttributeMayFollowBrackets) {
    finds(R"(emails[type eq "work"].value eq "ann@x.org")", {"ann"});
    finds(R"(emails[type eq "work"].value eq "ann@y.org")", {});
}

TEST_F(ScimFilter, Check010_ComplexListMeansItsValue) {
    finds(R"(emails co "@y")", {"ann"});
    finds(R"(emails eq "ANN@x.org")", {"ann"});
}

TEST_F(ScimFilter, Check011_PresenceNeedsAValue) {
    finds("displayName pr", {});  // an empty string is none
    finds("active pr", {"ann", "bob"});
    finds("emails pr", {"ann", "bob"});
    finds("name pr", {"ann"});
}

TEST_F(ScimFilter, Check012_NullIsAbsence) {
    finds("title eq null", {"cid"});
    finds("title ne null", {"ann", "bob"});
}

TEST_F(ScimFilter, Check013_NotEqualMatchesTheUnassigned) {
    finds(R"(title ne "boss")", {"bob", "cid"});
    finds(R"(emails.value ne "ann@x.org")", {"ann", "bob", "cid"});
    finds(R"(not (emails.value eq "ann@x.org"))", {"bob", "cid"});
}

TEST_F(ScimFilter, Check014_EveryComparisonFoldsAlike) {
    for (const char* test :
         {R"(eq "STRASSE")", R"(sw "strass")", R"(ew "SSE")", R"(co "RASS")", R"(ge "strasse")",
          R"(le "STRASSE")"}) {
        finds(std::string("nickName pr and userName eq \"bob\" and nickName ") + test, {"bob"});
    }
    finds(R"(externalId eq "X-1")", {});
    finds(R"(externalId sw "x-")", {"ann"});
}

TEST_F(ScimFilter, Check015_TimesAreInstants) {
    const std::string created =
        get("/Users/" + ann_).body["meta"].value("created", "");  // …Z with milliseconds
    finds("meta.created eq \"" + created + "\"", {"ann"});
    const std::string base = created.substr(0, created.find('Z'));
    finds("meta.created eq \"" + base + "000000+00:00\"", {"ann"});
    finds("meta.created gt \"2000-01-01T00:00:00+14:00\"", {"ann", "bob", "cid"});
    finds("meta.created lt \"2000-01-01T00:00:00Z\"", {});
    refuses("meta.created gt \"2000-01-01\"");
}

TEST_F(ScimFilter, Check017_OrderNeedsAnOrder) {
    for (const char* op : {"gt", "ge", "lt", "le"}) {
        refuses(std::string("active ") + op + " true");
        refuses(std::string("name ") + op + " \"a\"");
    }
}

TEST_F(ScimFilter, Check018_PartsAreOfTextsOnly) {
    for (const char* op : {"co", "sw", "ew"}) {
        refuses(std::string("active ") + op + " \"t\"");
        refuses(std::string("meta.created ") + op + " \"2000\"");
    }
}

TEST_F(ScimFilter, Check019_UnknownOperatorIsNamed) {
    refuses(R"(userName like "ann")", "like");
    refuses(R"(userName equals "ann")", "equals");
}

TEST_F(ScimFilter, Check021_UrnsAreFoundByTheirLongestPrefix) {
    finds(R"(urn:ietf:params:scim:schemas:core:2.0:User:userName sw "A")", {"ann"});
    finds(R"(urn:ietf:params:scim:schemas:core:2.0:User:name.familyName eq "o'neil")", {"ann"});
    refuses(R"(urn:ietf:params:scim:schemas:core:9.0:User:userName sw "A")");
}

TEST_F(ScimFilter, Check022_ExtensionsSubAttributes) {
    finds(std::string(enterprise_schema) + ":manager.value eq \"" + ann_ + "\"", {"bob"});
    finds(std::string(enterprise_schema) + R"(:department eq "r&d")", {"ann"});
}

TEST_F(ScimFilter, Check023_CommonAttributes) {
    finds("id eq \"" + ann_ + "\"", {"ann"});
    std::string upper = ann_;
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    finds("id eq \"" + upper + "\"", upper == ann_ ? Names{"ann"} : Names{});
    finds(R"(meta.resourceType eq "User")", {"ann", "bob", "cid"});
    finds(R"(meta.resourceType eq "Group")", {});
    finds(std::string("schemas eq \"") + enterprise_schema + "\"", {"ann", "bob"});
    finds("meta.lastModified gt \"2001-01-01T00:00:00Z\"", {"ann", "bob", "cid"});
}

TEST_F(ScimFilter, Check024_ReferencesAreNamedWithTheirSign) {
    const std::string group = add_group("Sales", {ann_});
    const Answer answer =
        get("/Groups?filter=" +
            encoded("members.$ref eq \"https://id.example.com/scim/v2/Users/" + ann_ + "\""));
    EXPECT_EQ(answer.body["totalResults"], 1) << answer.text;
}

TEST_F(ScimFilter, Check027_PlusIsABlankUnlessItIsEncoded) {
    EXPECT_EQ(get("/Users?filter=emails.value+eq+%22bob%2Btag@x.org%22").body["totalResults"], 1);
    EXPECT_EQ(get("/Users?filter=emails.value+eq+%22bob+tag@x.org%22").body["totalResults"], 0);
}

TEST_F(ScimFilter, Check028_LiteralsHaveTheAttributesType) {
    refuses(R"(active eq "true")");
    refuses("userName eq 5");
    refuses("userName eq true");
    refuses("name.familyName eq Employee");
}

TEST_F(ScimFilter, Check030_UndefinedSubAttribute) {
    refuses(R"(name.foo eq "x")", "name.foo");
    refuses(R"(emails[foo eq "x"])");
    refuses(R"(userName.foo eq "x")");
}

TEST_F(ScimFilter, Check031_FilterNeverWidensRights) {
    add_group("Sales");
    scopes_ = {"groups:read"};
    for (const char* filter :
         {R"(displayName pr or userName pr)", R"(id pr)",
          R"(not (displayName eq "x") or userName eq "ann")"}) {
        const Answer answer = get("/?filter=" + encoded(filter));
        EXPECT_EQ(answer.body["totalResults"], 1) << filter;
        EXPECT_EQ(answer.body["Resources"][0]["displayName"], "Sales") << filter;
    }
    EXPECT_EQ(filtered("userName pr or id pr").status, 403);
}

}  // namespace
}  // namespace bascule::scim::tests

// A resource type with attributes of every kind, loaded from files into the real program.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/integration/scim/own_types_fixture.hpp"

namespace bascule::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json reference(const std::string& id) {
    return {{"value", id}};
}

Json operation(const std::string& op, const std::string& path, const Json& value = nullptr) {
    Json json{{"op", op}, {"path", path}};
    if (!value.is_null()) {
        json["value"] = value;
    }
    return Json::array({json});
}

class OwnValues : public OwnTypes {
  protected:
    void SetUp() override {
        OwnTypes::SetUp();
        start();
    }
};

TEST_F(OwnValues, Check064_RequiredExtensionMissing) {
    Json without = gauge("g1");
    without.erase(calibration_schema);
    HttpAnswer answer = post("/Gauges", without);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.json["scimType"], "invalidValue");
    EXPECT_NE(answer.json.value("detail", "").find(calibration_schema), std::string::npos);
    Json empty = gauge("g1", {{calibration_schema, {{"due", "2027-01-01T00:00:00Z"}}}});
    EXPECT_EQ(post("/Gauges", empty).status, 400) << "its required attribute is missing";
    const std::string id = add_gauge("g1");
    EXPECT_EQ(put("/Gauges/" + id, without).status, 400);
    answer = patch("/Gauges/" + id, operation("remove", calibration_schema));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(get("/Gauges/" + id).json[calibration_schema]["laboratory"], "Seattle");
}

TEST_F(OwnValues, Check065_ValuesHaveTheTypeOfTheirAttribute) {
    const struct {
        const char* name;
        Json given;
        Json kept;  ///< null: refused
    } cases[] = {
        {"note", "text", "text"},
        {"note", 7, nullptr},
        {"tags", {"a", "b"}, {"a", "b"}},
        {"tags", {"a", 7}, nullptr},
        {"enabled", false, false},
        {"enabled", "true", nullptr},
        {"enabled", 0, nullptr},
        {"flags", {true, false}, {true, false}},
        {"count", 9007199254740993, 9007199254740993},
        {"count", 1e2, 100},
        {"count", 1.5, nullptr},
        {"count", "7", nullptr},
        {"count", 9223372036854775808U, nullptr},
        {"counts", {3, -3}, {3, -3}},
        {"ratio", 0.25, 0.25},
        {"ratio", 2, 2},
        {"ratio", "0.25", nullptr},
        {"ratios", {1.5, -0.5}, {1.5, -0.5}},
        {"checked", "2026-01-31T08:00:00+02:00", "2026-01-31T08:00:00+02:00"},
        {"checked", "2026-01-31", nullptr},
        {"checked", "2026-02-30T08:00:00Z", nullptr},
        {"checks", {"2026-01-31T08:00:00.123456789Z"}, {"2026-01-31T08:00:00.123456789Z"}},
        {"image", "AAEC/w==", "AAEC/w=="},
        {"image", "AAEC/w", nullptr},
        {"image", "not base64!", nullptr},
        {"images", {"AAEC", "////"}, {"AAEC", "////"}},
        {"manual", "https://example.com/m.pdf", "https://example.com/m.pdf"},
        {"manual", 7, nullptr},
        {"links", {"https://a.example", "urn:x:y"}, {"https://a.example", "urn:x:y"}},
        {"place", {{"room", "7"}, {"floor", -1}}, {{"room", "7"}, {"floor", -1}}},
        {"place", {{"floor", "first"}}, nullptr},
        {"place", {{"keys", {"ann", "bob"}}}, {{"keys", {"ann", "bob"}}}},
        {"place", "here", nullptr},
        {"ports", {{{"value", "a"}, {"speed", 10}}}, {{{"value", "a"}, {"speed", 10}}}},
        {"ports", {{{"speed", 10}}}, nullptr},
    };
    int number = 0;
    for (const auto& one : cases) {
        const HttpAnswer answer =
            post("/Gauges", gauge("g" + std::to_string(++number), {{one.name, one.given}}));
        if (one.kept.is_null()) {
            EXPECT_EQ(answer.status, 400) << one.name << one.given;
            EXPECT_EQ(answer.json["scimType"], "invalidValue") << answer.body;
        } else {
            EXPECT_EQ(answer.status, 201) << answer.body;
            EXPECT_EQ(answer.json[one.name], one.kept) << answer.body;
        }
    }
}

TEST_F(OwnValues, Check066_OnePrimaryAtMost) {
    const Json two{{{"value", "a"}, {"primary", true}}, {{"value", "b"}, {"primary", true}}};
    const HttpAnswer answer = post("/Gauges", gauge("g", {{"ports", two}}));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.json["scimType"], "invalidValue");
    const std::string id =
        add_gauge("g", {{"ports", {{{"value", "a"}, {"primary", true}}, {{"value", "b"}}}}});
    const HttpAnswer moved =
        patch("/Gauges/" + id, operation("replace", "ports[value eq \"b\"].primary", true));
    EXPECT_EQ(moved.status, 200) << moved.body;
    EXPECT_EQ(moved.json["ports"][0]["primary"], false);
    EXPECT_EQ(moved.json["ports"][1]["primary"], true);
}

TEST_F(OwnValues, Check067_EqualElementsAreKeptOnce) {
    const Json same{
        {{"value", "a"}, {"type", "in"}},
        {{"value", "a"}, {"type", "in"}, {"speed", 9}},
        {{"value", "a"}, {"type", "out"}}};
    const HttpAnswer answer =
        post("/Gauges", gauge("g", {{"ports", same}, {"tags", {"x", "x", "y"}}}));
    EXPECT_EQ(answer.json["ports"].size(), 2U) << answer.body;
    EXPECT_EQ(answer.json["tags"], Json({"x", "y"}));
}

TEST_F(OwnValues, Check068_CanonicalValuesAreAdvice) {
    const HttpAnswer answer = post(
        "/Gauges",
        gauge("g", {{"level", "extreme"}, {"ports", {{{"value", "a"}, {"type", "loop"}}}}})
    );
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.json["level"], "extreme");
    EXPECT_EQ(answer.json["ports"][0]["type"], "loop");
}

TEST_F(OwnValues, Check059_RequiredAttributeIsNeeded) {
    Json body = gauge("x");
    body.erase("displayName");
    EXPECT_EQ(post("/Gauges", body).status, 400);
    const std::string id = add_gauge("x");
    const HttpAnswer removed = patch("/Gauges/" + id, operation("remove", "displayName"));
    EXPECT_EQ(removed.status, 400);
    EXPECT_EQ(removed.json["scimType"], "mutability");
}

TEST_F(OwnValues, Check060_UniquenessFollowsTheCaseRule) {
    add_gauge("Alpha", {{"serial", "abc"}});
    HttpAnswer answer = post("/Gauges", gauge("ALPHA"));
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.json["scimType"], "uniqueness");
    EXPECT_EQ(post("/Gauges", gauge("Beta", {{"serial", "abc"}})).status, 409);
    EXPECT_EQ(post("/Gauges", gauge("Beta", {{"serial", "ABC"}})).status, 201);
    const Json seven{{badge_schema, {{"number", 7}}}};
    add_user("ann", seven);
    const Json again{
        {"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}},
        {"userName", "bob"},
        {badge_schema, {{"number", 7.0}}}};
    answer = post("/Users", again);
    EXPECT_EQ(answer.status, 409) << answer.body;
}

TEST_F(OwnValues, Check060_OneOfManyConcurrentCreatesWins) {
    std::atomic<int> created = 0;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&, i] {
            const HttpAnswer answer = post("/Gauges", gauge(i % 2 == 0 ? "same" : "SAME"));
            created += answer.status == 201 ? 1 : 0;
            refused += answer.status == 409 ? 1 : 0;
        });
    }
    clients.clear();
    EXPECT_EQ(created, 1);
    EXPECT_EQ(refused, 7);
}

TEST_F(OwnValues, Check048_ReturnedDecidesWhatIsShown) {
    const std::string id = add_gauge(
        "g", {{"hidden", "h"}, {"label", "l"}, {"diary", "d"}, {"pin", "1234"}, {"note", "n"}}
    );
    const Json usual = get("/Gauges/" + id).json;
    EXPECT_EQ(usual["label"], "l");
    EXPECT_EQ(usual["note"], "n");
    for (const char* absent : {"hidden", "diary", "pin"}) {
        EXPECT_FALSE(usual.contains(absent)) << absent;
    }
    const Json asked = get("/Gauges/" + id + "?attributes=diary,hidden,pin").json;
    EXPECT_EQ(asked["diary"], "d");
    EXPECT_EQ(asked["label"], "l");
    EXPECT_FALSE(asked.contains("hidden") || asked.contains("pin") || asked.contains("note"));
    EXPECT_EQ(get("/Gauges/" + id + "?excludedAttributes=label").json["label"], "l");
    for (const char* secret : {"hidden eq \"h\"", "pin eq \"1234\"", "pin pr"}) {
        EXPECT_THAT(found(secret), ElementsAre("invalidFilter")) << secret;
    }
}

TEST_F(OwnValues, MutabilityOfEveryKind) {
    const std::string id = add_gauge(
        "g", {{"origin", "here"},
              {"revision", "mine"},
              {"pin", "1"},
              {"place", {{"since", "2020-01-01T00:00:00Z"}, {"room", "1"}}}}
    );
    const std::string at = "/Gauges/" + id;
    EXPECT_FALSE(get(at).json.contains("revision")) << "a client's value is ignored";
    EXPECT_EQ(patch(at, operation("replace", "revision", "x")).json["scimType"], "mutability");
    EXPECT_EQ(patch(at, operation("replace", "origin", "there")).json["scimType"], "mutability");
    EXPECT_EQ(patch(at, operation("remove", "origin")).json["scimType"], "mutability");
    EXPECT_EQ(patch(at, operation("replace", "origin", "here")).status, 200);
    EXPECT_EQ(put(at, gauge("g", {{"origin", "there"}})).json["scimType"], "mutability");
    const HttpAnswer kept = put(at, gauge("g"));
    EXPECT_EQ(kept.status, 200);
    EXPECT_EQ(kept.json["origin"], "here");
    EXPECT_EQ(patch(at, operation("add", "serial", "S1")).json["serial"], "S1")
        << "an empty immutable value can be set once";
    EXPECT_EQ(patch(at, operation("replace", "serial", "S2")).json["scimType"], "mutability");
    EXPECT_EQ(patch(at, operation("replace", "pin", "2")).status, 200);
    EXPECT_EQ(patch(at, operation("replace", "pin", 2)).status, 400);
}

TEST_F(OwnValues, PatchAndPutOnEveryKind) {
    const std::string at = "/Gauges/" + add_gauge("g");
    const struct {
        const char* path;
        Json first;
        Json second;
        Json after_add;
    } cases[] = {
        {"note", "a", "b", "b"},
        {"tags", {"a"}, {"b"}, {"a", "b"}},
        {"enabled", true, false, false},
        {"flags", {true}, {false}, {true, false}},
        {"count", 1, 2, 2},
        {"counts", {1}, {2}, {1, 2}},
        {"ratio", 0.5, 1.5, 1.5},
        {"ratios", {0.5}, {1.5}, {0.5, 1.5}},
        {"checked", "2026-01-31T08:00:00Z", "2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z"},
        {"image", "AAEC", "////", "////"},
        {"images", {"AAEC"}, {"////"}, {"AAEC", "////"}},
        {"manual", "https://a.example", "https://b.example", "https://b.example"},
        {"links",
         {"https://a.example"},
         {"https://b.example"},
         {"https://a.example", "https://b.example"}},
        {"place", {{"room", "1"}}, {{"floor", 2}}, {{"room", "1"}, {"floor", 2}}},
        {"ports", {{{"value", "a"}}}, {{{"value", "b"}}}, {{{"value", "a"}}, {{"value", "b"}}}},
    };
    for (const auto& one : cases) {
        const std::string name = one.path;
        HttpAnswer answer = patch(at, operation("replace", name, one.first));
        EXPECT_EQ(answer.json[name], one.first) << name << answer.body;
        const auto version = answer.json["meta"]["version"];
        EXPECT_EQ(patch(at, operation("add", name, one.first)).json["meta"]["version"], version)
            << name << ": an equal value changes nothing";
        answer = patch(at, operation("add", name, one.second));
        EXPECT_EQ(answer.json[name], one.after_add) << name << answer.body;
        answer = patch(at, operation("remove", name));
        EXPECT_EQ(answer.status, 200) << name << answer.body;
        EXPECT_FALSE(answer.json.contains(name)) << name;
        answer = put(at, gauge("g", {{name, one.second}}));
        EXPECT_EQ(answer.json[name], one.second) << name << answer.body;
        answer = put(at, gauge("g"));
        EXPECT_FALSE(answer.json.contains(name)) << name;
    }
    const std::string urn = calibration_schema;
    HttpAnswer answer = patch(at, operation("replace", urn + ":due", "2027-05-01T00:00:00Z"));
    EXPECT_EQ(answer.json[urn]["due"], "2027-05-01T00:00:00Z");
    answer = patch(at, operation("add", "ports", Json::array({{{"value", "p1"}, {"speed", 5}}})));
    answer = patch(at, operation("replace", "ports[speed lt 7].speed", 8));
    EXPECT_EQ(answer.json["ports"][0]["speed"], 8) << answer.body;
}

TEST_F(OwnValues, FiltersOfEveryOperatorAndKind) {
    add_gauge(
        "a", {{"note", "Alpha one"},
              {"serial", "Sx"},
              {"tags", {"Red", "blue"}},
              {"enabled", true},
              {"count", 9},
              {"counts", {1, 20}},
              {"ratio", -0.5},
              {"checked", "2026-01-31T08:00:00+02:00"},
              {"image", "AAEC"},
              {"manual", "https://a.example/M"},
              {"place", {{"room", "R1"}, {"floor", 1}}},
              {"ports", {{{"value", "in1"}, {"type", "in"}, {"speed", 10}}}}}
    );
    add_gauge(
        "b",
        {{"note", "Beta two"},
         {"serial", "sx"},
         {"enabled", false},
         {"count", 10},
         {"ratio", 2.5},
         {"checked", "2026-01-31T07:00:00Z"},
         {"place", {{"room", "R2"}, {"floor", 2}}},
         {"ports",
          {{{"value", "in1"}, {"type", "out"}, {"speed", 20}}, {{"value", "x"}, {"type", "in"}}}}}
    );
    add_gauge(
        "c", {{calibration_schema, {{"laboratory", "Oslo"}, {"due", "2027-01-01T00:00:00Z"}}}}
    );
    const std::string urn = calibration_schema;
    const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
        {"note eq \"ALPHA ONE\"", {"a"}},
        {"note ne \"alpha one\"", {"b", "c"}},
        {"note co \"ETA\"", {"b"}},
        {"note sw \"al\"", {"a"}},
        {"note ew \"TWO\"", {"b"}},
        {"note gt \"b\"", {"b"}},
        {"note pr", {"a", "b"}},
        {"not (note pr)", {"c"}},
        {"serial eq \"Sx\"", {"a"}},
        {"serial sw \"s\"", {"b"}},
        {"tags eq \"red\"", {"a"}},
        {"tags co \"LU\"", {"a"}},
        {"enabled eq true", {"a"}},
        {"enabled ne true", {"b", "c"}},
        {"enabled gt true", {"invalidFilter"}},
        {"count gt 9", {"b"}},
        {"count ge 9", {"a", "b"}},
        {"count lt 1e1", {"a"}},
        {"count eq \"9\"", {"invalidFilter"}},
        {"count co 9", {"invalidFilter"}},
        {"counts gt 15", {"a"}},
        {"ratio lt 0", {"a"}},
        {"ratio ge 2.5", {"b"}},
        {"checked eq \"2026-01-31T06:00:00Z\"", {"a"}},
        {"checked gt \"2026-01-31T08:30:00+02:00\"", {"b"}},
        {"checked sw \"2026\"", {"invalidFilter"}},
        {"image eq \"AAEC\"", {"a"}},
        {"image eq \"aaec\"", {}},
        {"image gt \"AAEC\"", {"invalidFilter"}},
        {"manual eq \"https://a.example/M\"", {"a"}},
        {"manual eq \"https://a.example/m\"", {}},
        {"manual sw \"https\"", {"a"}},
        {"place.room eq \"r2\"", {"b"}},
        {"place.floor le 1", {"a"}},
        {"place pr", {"a", "b"}},
        {"ports.value eq \"in1\" and ports.type eq \"in\"", {"a", "b"}},
        {"ports[value eq \"in1\" and type eq \"in\"]", {"a"}},
        {"ports[speed gt 15]", {"b"}},
        {"ports co \"N1\"", {"a", "b"}},
        {urn + ":laboratory eq \"oslo\"", {"c"}},
        {urn + ":due lt \"2028-01-01T00:00:00Z\"", {"c"}},
        {std::string(gauge_schema) + ":note pr", {"a", "b"}},
        {"schemas eq \"" + urn + "\"", {"a", "b", "c"}},
        {"meta.resourceType eq \"Gauge\" and count eq 10", {"b"}},
        {"place.nothing pr", {"invalidFilter"}},
        {"revision eq \"x\" or (count lt 10 and enabled eq true)", {"a"}},
    };
    for (const auto& [filter, names] : cases) {
        EXPECT_EQ(found(filter), names) << filter;
    }
}

TEST_F(OwnValues, Check016_NumbersCompareAsNumbers) {
    add_gauge("nine", {{"count", 9}, {"ratio", 0.9}, {"counts", {9}}, {"ratios", {9.5}}});
    add_gauge("ten", {{"count", 10}, {"ratio", 10}, {"counts", {10, 2}}, {"ratios", {10.25}}});
    add_gauge("large", {{"count", 9007199254740993}, {"ratio", -1.5e3}});
    const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
        {"count gt 9", {"ten", "large"}},
        {"count lt 10", {"nine"}},
        {"count ge 10 and count le 10", {"ten"}},
        {"count eq 1e1", {"ten"}},
        {"count eq 1.0E+1", {"ten"}},
        {"count eq 100e-1", {"ten"}},
        {"count eq 9.5", {}},
        {"count gt 9.5", {"ten", "large"}},
        {"count ge -2e0", {"nine", "ten", "large"}},
        {"count eq 9007199254740993", {"large"}},
        {"count eq 9007199254740992", {}},
        {"count gt 9007199254740992", {"large"}},
        {"count lt 1e300", {"nine", "ten", "large"}},
        {"counts eq 2e0", {"ten"}},
        {"counts gt 9", {"ten"}},
        {"ratio lt 1", {"nine", "large"}},
        {"ratio eq 9e-1", {"nine"}},
        {"ratio eq 10.0", {"ten"}},
        {"ratio eq 10", {"ten"}},
        {"ratio le -15E2", {"large"}},
        {"ratios gt 9.75", {"ten"}},
        {"count eq \"10\"", {"invalidFilter"}},
        {"ratio gt \"1\"", {"invalidFilter"}},
        {"count eq 010", {"invalidFilter"}},
        {"count eq +10", {"invalidFilter"}},
        {"count eq 1e", {"invalidFilter"}},
        {"count eq .5", {"invalidFilter"}},
        {"ratio eq 1.", {"invalidFilter"}},
        {"ratio eq 1e999", {"invalidFilter"}},
    };
    for (const auto& [filter, names] : cases) {
        EXPECT_EQ(found(filter), names) << filter;
    }
}

TEST_F(OwnValues, Check039_SortsByEveryKind) {
    add_gauge(
        "a",
        {{"count", 10}, {"ratio", 2.5}, {"checked", "2026-01-31T08:00:00+02:00"}, {"note", "b"}}
    );
    add_gauge(
        "b", {{"count", 9}, {"ratio", -1}, {"checked", "2026-01-31T07:00:00Z"}, {"note", "A"}}
    );
    add_gauge("c");
    const auto sorted = [&](const char* by, const char* order = "ascending") {
        return found("", {{"sortBy", by}, {"sortOrder", order}});
    };
    EXPECT_THAT(sorted("count"), ElementsAre("b", "a", "c"));
    EXPECT_THAT(sorted("count", "descending"), ElementsAre("c", "a", "b"));
    EXPECT_THAT(sorted("ratio"), ElementsAre("b", "a", "c"));
    EXPECT_THAT(sorted("checked"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(sorted("note"), ElementsAre("b", "a", "c"));
    EXPECT_THAT(sorted("nothing"), ElementsAre("invalidPath"));
}

TEST_F(OwnValues, ReferencesAreCheckedAndSearched) {
    const std::string ann = add_user("ann");
    const std::string team = add_group("team");
    const std::string top = add_gauge("top");
    HttpAnswer answer = post("/Gauges", gauge("x", {{"owner", reference(team)}}));
    EXPECT_EQ(answer.status, 400) << "a group is no user";
    EXPECT_EQ(answer.json["scimType"], "invalidValue");
    EXPECT_NE(answer.json.value("detail", "").find(team), std::string::npos);
    EXPECT_EQ(post("/Gauges", gauge("x", {{"parent", reference(ann)}})).status, 400);
    EXPECT_EQ(
        post(
            "/Gauges", gauge("x", {{"owner", reference("01890000-0000-7000-8000-00000000dead")}})
        ).status,
        400
    );
    const std::string id = add_gauge(
        "g", {{"owner", reference(ann)},
              {"watchers", {reference(ann), reference(team)}},
              {"parent", reference(top)},
              {"maker", reference(team)},
              {calibration_schema, {{"laboratory", "Oslo"}, {"inspector", reference(ann)}}}}
    );
    const Json shown = get("/Gauges/" + id).json;
    EXPECT_EQ(shown["owner"]["value"], ann);
    EXPECT_TRUE(shown["owner"]["$ref"].get<std::string>().ends_with("/scim/v2/Users/" + ann));
    EXPECT_EQ(shown["owner"]["display"], "ann");
    EXPECT_EQ(shown["watchers"].size(), 2U);
    EXPECT_EQ(shown["watchers"][1]["type"], "Group");
    EXPECT_TRUE(shown["parent"]["$ref"].get<std::string>().ends_with("/scim/v2/Gauges/" + top));
    EXPECT_EQ(shown[calibration_schema]["inspector"]["value"], ann) << shown;
    EXPECT_EQ(shown[calibration_schema]["laboratory"], "Oslo");
    const std::string urn = calibration_schema;
    EXPECT_THAT(found("owner.value eq \"" + ann + "\""), ElementsAre("g"));
    EXPECT_THAT(found("owner eq \"" + ann + "\""), ElementsAre("g"));
    EXPECT_THAT(found("watchers[value eq \"" + team + "\"]"), ElementsAre("g"));
    EXPECT_THAT(found("parent.value eq \"" + top + "\""), ElementsAre("g"));
    EXPECT_THAT(found(urn + ":inspector.value eq \"" + ann + "\""), ElementsAre("g"));
    EXPECT_THAT(found("owner pr"), ElementsAre("g"));
    EXPECT_THAT(found("not (watchers pr)"), ElementsAre("top"));
    EXPECT_THAT(found("owner.value eq \"" + team + "\""), IsEmpty());
    const Json less = get("/Gauges/" + id + "?attributes=watchers.value").json;
    EXPECT_EQ(less["watchers"][0], reference(ann)) << less;
    EXPECT_FALSE(less.contains("owner"));
}

TEST_F(OwnValues, ReferencesArePatchedReplacedAndFollowDeletions) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string team = add_group("team");
    const std::string at = "/Gauges/" + add_gauge("g", {{"maker", reference(team)}});
    HttpAnswer answer = patch(at, operation("replace", "owner", reference(ann)));
    EXPECT_EQ(answer.json["owner"]["value"], ann) << answer.body;
    EXPECT_EQ(patch(at, operation("replace", "owner.value", bob)).json["owner"]["value"], bob);
    answer = patch(at, operation("add", "watchers", Json::array({reference(ann)})));
    const auto version = answer.json["meta"]["version"];
    EXPECT_EQ(
        patch(at, operation("add", "watchers", Json::array({reference(ann)})))
            .json["meta"]["version"],
        version
    );
    answer = patch(at, operation("add", "watchers", Json::array({reference(bob)})));
    EXPECT_EQ(answer.json["watchers"].size(), 2U);
    answer = patch(at, operation("remove", "watchers[value eq \"" + ann + "\"]"));
    EXPECT_EQ(answer.json["watchers"].size(), 1U);
    EXPECT_EQ(patch(at, operation("remove", "maker")).json["scimType"], "mutability");
    EXPECT_EQ(
        patch(
            at, operation("replace", calibration_schema + std::string(":inspector"), reference(ann))
        )
            .json[calibration_schema]["inspector"]["value"],
        ann
    );
    EXPECT_EQ(remove("/Users/" + bob).status, 204);
    const Json after = get(at).json;
    EXPECT_FALSE(after.contains("owner")) << "a deleted target goes away from who refers to it";
    EXPECT_FALSE(after.contains("watchers"));
    EXPECT_NE(after["meta"]["version"], version);
    EXPECT_THAT(found("owner.value eq \"" + bob + "\""), IsEmpty());
    answer = put(at, gauge("g", {{"watchers", {reference(ann)}}}));
    EXPECT_EQ(answer.json["maker"]["value"], team) << "immutable and left out: stays";
    EXPECT_EQ(answer.json["watchers"].size(), 1U);
    EXPECT_FALSE(put(at, gauge("g")).json.contains("watchers"));
}

TEST_F(OwnValues, ExtensionsOfUsersReferToOwnTypes) {
    const std::string gauge_id = add_gauge("g");
    const std::string ann =
        add_user("ann", {{badge_schema, {{"colour", "Red"}, {"gauges", {reference(gauge_id)}}}}});
    const Json user = get("/Users/" + ann).json;
    EXPECT_EQ(user[badge_schema]["gauges"][0]["value"], gauge_id) << user;
    EXPECT_EQ(user[badge_schema]["gauges"][0]["display"], "g");
    const std::string urn = badge_schema;
    EXPECT_THAT(found(urn + ":colour eq \"Red\"", {}, "/Users"), ElementsAre("ann"));
    EXPECT_THAT(found(urn + ":colour eq \"red\"", {}, "/Users"), IsEmpty());
    EXPECT_THAT(
        found(urn + ":gauges.value eq \"" + gauge_id + "\"", {}, "/Users"), ElementsAre("ann")
    );
    const HttpAnswer answer = patch("/Users/" + ann, operation("remove", urn));
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.json.contains(badge_schema)) << answer.body;
}

TEST_F(OwnValues, Check156_OwnTypesAreDiscovered) {
    const Json type = get("/ResourceTypes/Gauge").json;
    EXPECT_EQ(type["endpoint"], "/Gauges");
    EXPECT_EQ(type["schema"], gauge_schema);
    EXPECT_EQ(
        type["schemaExtensions"][0], Json({{"schema", calibration_schema}, {"required", true}})
    );
    EXPECT_TRUE(type["meta"]["location"].get<std::string>().ends_with("/ResourceTypes/Gauge"));
    for (const char* urn : {gauge_schema, calibration_schema, badge_schema}) {
        EXPECT_EQ(get("/Schemas/" + std::string(urn)).json["id"], urn);
    }
    bool extends_user = false;
    const Json user = get("/ResourceTypes/User").json;
    for (const Json& extension : user["schemaExtensions"]) {
        extends_user = extends_user || extension["schema"] == badge_schema;
    }
    EXPECT_TRUE(extends_user);
}

TEST_F(OwnValues, Check159_SchemasSayWhatTheServerDoes) {
    std::ifstream stream(std::string(BASCULE_CASES) + "/schemas/gauge.json");
    const Json file = Json::parse(stream);
    const Json served = get("/Schemas/" + std::string(gauge_schema)).json;
    ASSERT_EQ(served["attributes"].size(), file["attributes"].size());
    for (std::size_t i = 0; i < file["attributes"].size(); ++i) {
        Json wanted = served["attributes"][i];
        wanted.update(file["attributes"][i]);
        if (wanted.contains("subAttributes")) {
            wanted["subAttributes"] = served["attributes"][i]["subAttributes"];
        }
        EXPECT_EQ(served["attributes"][i], wanted);
    }
    EXPECT_EQ(served["attributes"][21]["returned"], "never") << "writeOnly";
    EXPECT_EQ(get("/Schemas").body.find("null"), std::string::npos);
}

TEST_F(OwnValues, Check163_ScopesArePerOwnType) {
    const std::string id = add_gauge("g");
    daemon_.use_token("reader", "gauges:read");
    EXPECT_EQ(get("/Gauges/" + id).status, 200);
    const HttpAnswer refused = remove("/Gauges/" + id);
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.json.value("detail", "").find("gauges:write"), std::string::npos);
    EXPECT_EQ(get("/Users").status, 403);
    daemon_.use_token("people", "users:write");
    EXPECT_EQ(get("/Gauges/" + id).status, 403);
    EXPECT_NE(
        daemon_.command({"token", "create", "--name", "x", "--scope", "gizmos:read"}).exit_code, 0
    );
}

TEST_F(OwnValues, EveryChangeIsInTheJournal) {
    const std::string ann = add_user("ann");
    const std::string id = add_gauge("g");
    patch("/Gauges/" + id, operation("replace", "owner", reference(ann)));
    patch("/Gauges/" + id, operation("replace", "note", "n"));
    remove("/Gauges/" + id);
    const std::string log = daemon_.command({"audit", "tail"}).output;
    for (const char* activity : {"Add gauge", "Update gauge", "Delete gauge"}) {
        EXPECT_NE(log.find(activity), std::string::npos) << log;
    }
}

}  // namespace
}  // namespace bascule::test

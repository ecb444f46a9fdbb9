#include <algorithm>
#include <set>

#include "scim/codec/document.hpp"
#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimCursor : public ScimServiceTest {
  protected:
    explicit ScimCursor(const std::string& lines = {}) : ScimServiceTest(lines) {}
    static std::string name_of(const Json& resource) {
        return resource.value("userName", resource.value("displayName", ""));
    }
    static std::vector<std::string> names(const Answer& answer) {
        std::vector<std::string> list;
        for (const Json& resource : answer.body["Resources"]) {
            list.push_back(name_of(resource));
        }
        return list;
    }
    static std::string next(const Answer& answer) { return answer.body.value("nextCursor", ""); }
    static std::string previous(const Answer& answer) {
        return answer.body.value("previousCursor", "");
    }
    void add_users(int count) {
        for (int i = 0; i < count; ++i) {
            Json more = Json::object();
            if (i % 3 != 0) {
                more["title"] = "t" + std::to_string(i % 4);
            }
            add_user("user" + std::to_string(i), more);
        }
    }
    /// Every name, page after page, and how many pages there were.
    std::vector<std::string> walk(const std::string& target, std::size_t* pages = nullptr) {
        std::vector<std::string> all;
        std::string cursor;
        for (std::size_t number = 1;; ++number) {
            const Answer page = get(target + (cursor.empty() ? "&cursor" : "&cursor=" + cursor));
            EXPECT_EQ(page.status, 200) << page.text;
            const auto found = names(page);
            all.insert(all.end(), found.begin(), found.end());
            cursor = next(page);
            if (cursor.empty() || number > 100) {
                if (pages != nullptr) {
                    *pages = number;
                }
                return all;
            }
        }
    }
    void expect_error(const Answer& answer, const char* scim_type) {
        EXPECT_EQ(answer.status, 400) << answer.text;
        EXPECT_EQ(answer.scim_type(), scim_type) << answer.text;
        EXPECT_FALSE(answer.detail().empty());
    }
};

using Names = std::vector<std::string>;

TEST_F(ScimCursor, Check042_PagesJoinToTheWholeList) {
    add_users(7);
    std::size_t pages = 0;
    const auto all = walk("/Users?count=3", &pages);
    EXPECT_EQ(all, (Names{"user0", "user1", "user2", "user3", "user4", "user5", "user6"}));
    EXPECT_EQ(pages, 3U);
    // A page that ends exactly at the end says so.
    EXPECT_EQ(walk("/Users?count=7", &pages), all);
    EXPECT_EQ(pages, 1U);
}

TEST_F(ScimCursor, Check042_BareAndEmptyCursorBeginTheList) {
    add_users(3);
    for (const char* query :
         {"cursor&count=2", "cursor=&count=2", "count=2&cursor", "count=2&cursor="}) {
        const Answer page = get(std::string("/Users?") + query);
        EXPECT_EQ(page.status, 200) << query;
        EXPECT_EQ(names(page), (Names{"user0", "user1"})) << query;
        EXPECT_FALSE(next(page).empty()) << query;
        EXPECT_FALSE(page.body.contains("previousCursor")) << query;
        EXPECT_FALSE(page.body.contains("startIndex")) << query;
        EXPECT_EQ(page.body["totalResults"], 3) << query;
        EXPECT_EQ(page.body["itemsPerPage"], 2) << query;
    }
    EXPECT_FALSE(get("/Users?count=2").body.contains("nextCursor"));
}

TEST_F(ScimCursor, Check042_CursorHoldsUnreservedCharactersOnly) {
    add_users(2);
    const std::string cursor = next(get("/Users?cursor&count=1"));
    EXPECT_EQ(
        cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        ),
        std::string::npos
    ) << cursor;
}

TEST_F(ScimCursor, Check042_SearchByPostTakesTheCursorInItsBody) {
    add_users(5);
    Json message{{"schemas", {search_schema}}, {"count", 2}, {"cursor", ""}};
    Names all;
    for (int page = 0; page < 3; ++page) {
        const Answer answer = post("/Users/.search", message);
        ASSERT_EQ(answer.status, 200) << answer.text;
        const auto found = names(answer);
        all.insert(all.end(), found.begin(), found.end());
        message["cursor"] = answer.body["nextCursor"];
    }
    EXPECT_TRUE(message["cursor"].is_null());
    EXPECT_EQ(all, (Names{"user0", "user1", "user2", "user3", "user4"}));
    message["cursor"] = 5;
    expect_error(post("/Users/.search", message), "invalidCursor");
}

TEST_F(ScimCursor, Check042_PreviousCursorLeadsBack) {
    add_users(8);
    for (const std::string order :
         {"", "&sortBy=title", "&sortBy=title&sortOrder=descending", "&sortBy=meta.created"}) {
        const std::string target = "/Users?count=3" + order;
        const Answer first = get(target + "&cursor");
        const Answer second = get(target + "&cursor=" + next(first));
        const Answer third = get(target + "&cursor=" + next(second));
        EXPECT_TRUE(next(third).empty()) << order;
        const Answer back = get(target + "&cursor=" + previous(third));
        EXPECT_EQ(names(back), names(second)) << order;
        const Answer start = get(target + "&cursor=" + previous(back));
        EXPECT_EQ(names(start), names(first)) << order;
        EXPECT_TRUE(previous(start).empty()) << order;
        EXPECT_EQ(names(get(target + "&cursor=" + next(start))), names(second)) << order;
    }
}

TEST_F(ScimCursor, Check042_SortedPagesAreThoseOfTheIndex) {
    add_users(11);
    for (const std::string order :
         {"sortBy=title", "sortBy=title&sortOrder=descending", "sortBy=userName",
          "sortBy=userName&sortOrder=descending", "sortBy=meta.lastModified", "sortBy=id",
          "sortBy=emails.value"}) {
        EXPECT_EQ(walk("/Users?count=2&" + order), names(get("/Users?" + order))) << order;
    }
    const std::string filtered = "filter=title+pr&sortBy=title";
    EXPECT_EQ(walk("/Users?count=2&" + filtered), names(get("/Users?" + filtered)));
}

TEST_F(ScimCursor, Check042_CountZeroTellsTheTotalOnly) {
    add_users(3);
    for (const char* count : {"0", "-2"}) {
        const Answer answer = get(std::string("/Users?cursor&count=") + count);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body["totalResults"], 3);
        EXPECT_TRUE(answer.body["Resources"].empty());
        EXPECT_FALSE(answer.body.contains("nextCursor"));
    }
}

TEST_F(ScimCursor, Check042_CountMustFitAndStay) {
    add_users(5);
    expect_error(get("/Users?cursor&count=1001"), "invalidCount");
    expect_error(get("/Users?cursor&count=x"), "invalidCount");
    expect_error(get("/Users?cursor&count="), "invalidCount");
    const std::string cursor = next(get("/Users?cursor&count=2"));
    expect_error(get("/Users?count=3&cursor=" + cursor), "invalidCount");
    EXPECT_EQ(names(get("/Users?cursor=" + cursor)), (Names{"user2", "user3"}));
}

TEST_F(ScimCursor, Check042_CursorBelongsToItsRequest) {
    add_users(5);
    add_group("Sales");
    const std::string base = "/Users?count=2&filter=userName+sw+%22user%22&sortBy=userName";
    const std::string cursor = next(get(base + "&cursor"));
    EXPECT_EQ(get(base + "&cursor=" + cursor).status, 200);
    for (const std::string other :
         {"/Users?count=2&filter=userName+sw+%22use%22&sortBy=userName",
          "/Users?count=2&sortBy=userName",
          "/Users?count=2&filter=userName+sw+%22user%22&sortBy=title",
          "/Users?count=2&filter=userName+sw+%22user%22&sortBy=userName&sortOrder=descending",
          "/Users?count=2&filter=userName+sw+%22user%22&sortBy=userName&attributes=userName",
          "/Users?count=2&filter=userName+sw+%22user%22&sortBy=userName&excludedAttributes=title",
          "/?count=2&filter=userName+sw+%22user%22&sortBy=userName"}) {
        expect_error(get(other + "&cursor=" + cursor), "invalidCursor");
    }
    expect_error(get("/Groups?cursor=" + cursor), "invalidCursor");
}

TEST_F(ScimCursor, Check042_CursorBelongsToItsCaller) {
    add_users(3);
    const std::string cursor = next(get("/Users?cursor&count=1"));
    scopes_ = {"users:read"};  // another token
    expect_error(get("/Users?count=1&cursor=" + cursor), "invalidCursor");
}

TEST_F(ScimCursor, Check042_EveryPageIsAuthorisedAnew) {
    add_users(3);
    const std::string cursor = next(get("/Users?cursor&count=1"));
    scopes_ = {"groups:read"};
    EXPECT_EQ(get("/Users?count=1&cursor=" + cursor).status, 403);
    authenticated_ = false;
    EXPECT_EQ(get("/Users?count=1&cursor=" + cursor).status, 401);
}

TEST_F(ScimCursor, Check042_ForgedCursorsAreInvalid) {
    add_users(3);
    const std::string cursor = next(get("/Users?cursor&count=1"));
    for (std::size_t at = 0; at < cursor.size(); at += 7) {
        std::string forged = cursor;
        forged[at] = forged[at] == 'A' ? 'B' : 'A';
        expect_error(get("/Users?count=1&cursor=" + forged), "invalidCursor");
    }
    const std::vector<std::string> others{
        "x",
        "%00",
        cursor + "A",
        cursor.substr(1),
        cursor.substr(0, cursor.size() - 4),
        std::string(9000, 'A'),
        "==",
        "a%2Fb"};
    for (const std::string& forged : others) {
        expect_error(get("/Users?count=1&cursor=" + forged), "invalidCursor");
    }
}

class ShortCursor : public ScimCursor {
  protected:
    ShortCursor() : ScimCursor("scim: { cursor_time: 1s }\n") {}
};

TEST_F(ShortCursor, Check042_OldCursorsExpire) {
    add_users(3);
    EXPECT_EQ(get("/ServiceProviderConfig").body["pagination"]["cursorTimeout"], 1);
    const std::string cursor = next(get("/Users?cursor&count=1"));
    Answer answer;
    test::wait_until("the end of the cursor", std::chrono::seconds(30), [&] {
        answer = get("/Users?count=1&cursor=" + cursor);
        return answer.status != 200;
    });
    expect_error(answer, "expiredCursor");
}

TEST_F(ScimCursor, Check042_AnotherProcessContinuesTheList) {
    add_users(3);
    const std::string cursor = next(get("/Users?cursor&count=2"));
    EXPECT_EQ(daemon_.stop(), 0);
    daemon_.start();
    EXPECT_EQ(names(get("/Users?count=2&cursor=" + cursor)), Names{"user2"});
}

TEST_F(ScimCursor, Check042_NothingIsLostOrDoubledUnderChange) {
    add_users(30);
    const Answer first = get("/Users?cursor&count=10");
    std::multiset<std::string> seen;
    for (const std::string& name : names(first)) {
        seen.insert(name);
    }
    for (const Json& resource : first.body["Resources"]) {
        if (name_of(resource) != "user5") {
            remove("/Users/" + resource["id"].get<std::string>());
        }
    }
    std::string cursor = next(first);
    for (int page = 0; !cursor.empty(); ++page) {
        add_user("late" + std::to_string(page));
        const Answer answer = get("/Users?count=10&cursor=" + cursor);
        for (const std::string& name : names(answer)) {
            seen.insert(name);
        }
        cursor = next(answer);
        ASSERT_LT(page, 10);
    }
    for (int number = 0; number < 30; ++number) {
        EXPECT_EQ(seen.count("user" + std::to_string(number)), 1U) << number;
    }
}

TEST_F(ScimCursor, Check043_StartIndexAndCursorExcludeEachOther) {
    add_users(2);
    expect_error(get("/Users?cursor&startIndex=1"), "invalidCursor");
    expect_error(get("/Users?startIndex=1&cursor="), "invalidCursor");
    expect_error(get("/?startIndex=1&cursor"), "invalidCursor");
    expect_error(
        post("/Users/.search", {{"schemas", {search_schema}}, {"startIndex", 1}, {"cursor", ""}}),
        "invalidCursor"
    );
}

TEST_F(ScimCursor, Check045_DeletedResourceAtTheCursorDoesNotBreakThePage) {
    add_users(5);
    for (const std::string order : {"", "&sortBy=userName", "&sortBy=title"}) {
        const std::string gone = add_user("user2x", {{"title", "t2"}});
        const auto all = names(get("/Users?count=100" + order));
        const auto place = std::ranges::find(all, "user2x") - all.begin() + 1;
        const std::string target = "/Users?count=" + std::to_string(place) + order;
        const Answer first = get(target + "&cursor");
        ASSERT_EQ(names(first).back(), "user2x") << order;
        EXPECT_EQ(remove("/Users/" + gone).status, 204);
        if (!next(first).empty()) {
            const Answer second = get(target + "&cursor=" + next(first));
            EXPECT_EQ(second.status, 200) << second.text;
            EXPECT_EQ(names(second), Names(all.begin() + place, all.end())) << order;
        }
    }
}

TEST_F(ScimCursor, Check041_RootIsPagedOverItsTypes) {
    add_users(4);
    add_group("Sales");
    add_group("Apt");
    add_unit("North");
    EXPECT_EQ(walk("/?count=2"), names(get("/?count=100")));
    EXPECT_EQ(walk("/?count=2&filter=meta.resourceType+eq+%22Group%22"), (Names{"Sales", "Apt"}));
    scopes_ = {"groups:read"};
    EXPECT_EQ(walk("/?count=1"), (Names{"Sales", "Apt"}));
}

TEST_F(ScimCursor, Check041_RootIsSortedOverItsTypes) {
    add_user("u1", {{"displayName", "Mia"}});
    add_user("u2", {{"displayName", "adam"}});
    add_user("u3");
    add_group("Beta");
    add_group("zeta");
    add_unit("mia");
    const auto shown = [](const Answer& answer) {
        Names list;
        for (const Json& resource : answer.body["Resources"]) {
            list.push_back(resource.value("displayName", resource.value("userName", "")));
        }
        return list;
    };
    const Answer sorted = get("/?sortBy=displayName");
    EXPECT_EQ(sorted.body["totalResults"], 6);
    EXPECT_EQ(shown(sorted), (Names{"adam", "Beta", "Mia", "mia", "zeta", "u3"}));
    EXPECT_EQ(
        shown(get("/?sortBy=displayName&sortOrder=descending")),
        (Names{"u3", "zeta", "mia", "Mia", "Beta", "adam"})
    );
    EXPECT_EQ(shown(get("/?sortBy=displayName&startIndex=3&count=2")), (Names{"Mia", "mia"}));
    for (const std::string order : {"", "&sortOrder=descending"}) {
        EXPECT_EQ(
            walk("/?count=2&sortBy=displayName" + order), names(get("/?sortBy=displayName" + order))
        );
    }
    // What only one type has: the others lack it.
    EXPECT_EQ(shown(get("/?sortBy=userName&count=3")), (Names{"Mia", "adam", "u3"}));
    EXPECT_EQ(get("/?sortBy=nothing").scim_type(), "invalidPath");
}

TEST_F(ScimCursor, Check041_RootIsSortedByType) {
    add_user("ann");
    add_group("Sales");
    add_unit("North");
    EXPECT_EQ(names(get("/?sortBy=meta.resourceType")), (Names{"North", "Sales", "ann"}));
    EXPECT_EQ(
        names(get("/?sortBy=meta.resourceType&sortOrder=descending")),
        (Names{"ann", "Sales", "North"})
    );
    EXPECT_EQ(
        walk("/?count=1&sortBy=meta.resourceType&sortOrder=descending"),
        (Names{"ann", "Sales", "North"})
    );
    EXPECT_EQ(names(get("/Users?sortBy=meta.resourceType")), Names{"ann"});
}

TEST_F(ScimCursor, Check041_DeepSortedIndexPagesOfTheRootAreTooMany) {
    add_user("ann");
    EXPECT_EQ(get("/?sortBy=displayName&startIndex=10001").scim_type(), "tooMany");
    EXPECT_EQ(get("/?startIndex=10001").status, 200);
}

TEST_F(ScimCursor, Check042_ProviderConfigTellsBothMethods) {
    const Json pagination = get("/ServiceProviderConfig").body["pagination"];
    EXPECT_EQ(
        pagination, Json(
                        {{"cursor", true},
                         {"index", true},
                         {"defaultPaginationMethod", "index"},
                         {"defaultPageSize", 100},
                         {"maxPageSize", 1000},
                         {"cursorTimeout", 3600}}
                    )
    );
}

class CostlySearch : public ScimCursor {
  protected:
    CostlySearch() : ScimCursor("scim: { search_limit: 1000 }\n") {
        const auto schemas = SchemaRegistry::load_builtin().value();
        directory::Registry registry;
        EXPECT_TRUE(schemas->register_types(registry));
        write_offline([&](directory::Transaction& transaction) -> Status {
            for (int number = 0; number < 1001; ++number) {
                directory::NewObject object;
                object.id = uuid_v7(transaction.now());
                object.type = registry.type("User");
                object.display = "many" + std::to_string(number);
                const Json body{{"schemas", {user_schema}}, {"userName", object.display}};
                object.body = with_id(body.dump(), object.id);
                BASCULE_CHECK(transaction.create(std::move(object)).map([](directory::Oid) {}));
            }
            return {};
        });
    }
};

TEST_F(CostlySearch, Check032_CostlyFilterIsTooManyAndNeverAPartOfTheList) {
    for (const char* query :
         {"filter=emails.primary+eq+true", "filter=not+(emails.primary+eq+true)&count=5",
          "sortBy=emails.value", "filter=emails.primary+eq+true&cursor"}) {
        const Answer answer = get(std::string("/Users?") + query);
        EXPECT_EQ(answer.status, 400) << query;
        EXPECT_EQ(answer.scim_type(), "tooMany") << query;
        EXPECT_FALSE(answer.body.contains("Resources")) << query;
    }
    // What narrows the search first is answered.
    const Answer narrow =
        get("/Users?filter=userName+sw+%22many99%22+and+not+(emails.primary+eq+true)");
    EXPECT_EQ(narrow.body["totalResults"], 11) << narrow.text;
    EXPECT_EQ(get("/Users?sortBy=userName&count=3").status, 200);
}

}  // namespace
}  // namespace bascule::scim::tests

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "directory/query/evaluator.hpp"
#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;

/// Random documents and filters over a small alphabet, so that hits and clashes are frequent.
class Random {
  public:
    explicit Random(unsigned seed) : engine_(seed) {}
    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(engine_);
    }
    bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
    std::string text() {
        static const std::vector<std::string> pieces = {"a", "B", "ab", "Ä", "ß",
                                                        "%", "_", "Zz", "é"};
        std::string result;
        for (auto count = 1 + below(3); count > 0; --count) {
            result += pieces[below(pieces.size())];
        }
        if (chance(4)) {
            result = std::string(249 + below(12), 'q') + result;
        }
        return result;
    }

    std::string document(std::size_t number) {
        std::string body = R"({"userName":"u)" + std::to_string(number) + R"(")";
        const auto field = [&](const char* name) {
            if (chance(60)) {
                body += std::string(",\"") + name + "\":\"" + text() + "\"";
            }
        };
        field("displayName");
        field("title");
        field("nickName");
        field("code");
        if (chance(70)) {
            body += chance(50) ? R"(,"active":true)" : R"(,"active":false)";
        }
        if (chance(70)) {
            body += ",\"level\":" + std::to_string(static_cast<int>(below(7)) - 3);
        }
        if (chance(60)) {
            body += ",\"emails\":[";
            const auto count = 1 + below(3);
            for (std::size_t index = 0; index < count; ++index) {
                body += std::string(index == 0 ? "" : ",") + R"({"value":")" + text() +
                        R"(","type":")" + (chance(50) ? "work" : "home") + R"(")" +
                        (chance(20) ? R"(,"primary":true})" : "}");
            }
            body += "]";
        }
        if (chance(50)) {
            body += R"(,"urn:x:enterprise":{"department":")" + text() + R"("})";
        }
        return body + "}";
    }

    Operator text_operator() {
        static constexpr Operator all[] = {Operator::eq, Operator::ne, Operator::co, Operator::sw,
                                           Operator::ew, Operator::gt, Operator::ge, Operator::lt,
                                           Operator::le, Operator::pr};
        return all[below(std::size(all))];
    }

    std::mt19937 engine_;
};

class RandomQuery : public StoreContract<SqliteFactory> {
  protected:
    struct Known {
        ObjectRow row;
        std::string body;
    };

    void fill(std::size_t count) {
        must_write([&](Transaction& t) -> Status {
            for (std::size_t index = 0; index < count; ++index) {
                auto object = new_user("u");
                object.body = random.document(index);
                BASCULE_TRY(const auto oid, t.create(object));
                BASCULE_TRY(const auto row, t.find_row(oid));
                users.push_back({*row, object.body});
            }
            for (std::size_t index = 0; index < 6; ++index) {
                BASCULE_TRY(const auto oid, t.create(new_group("g" + std::to_string(index))));
                BASCULE_TRY(const auto row, t.find_row(oid));
                groups.push_back(*row);
            }
            for (std::size_t index = 0; index < count; ++index) {
                BASCULE_CHECK(
                    edge(t, groups[random.below(6)].oid, users[random.below(count)].row.oid)
                );
            }
            for (std::size_t index = 0; index < 6; ++index) {
                BASCULE_CHECK(edge(t, groups[random.below(6)].oid, groups[random.below(6)].oid));
            }
            return {};
        });
    }
    Status edge(Transaction& t, Oid from, Oid to) {
        BASCULE_TRY(const auto added, t.add_edge(EdgeKind::member, from, to));
        if (added) {
            members[from].push_back(to);
        }
        return {};
    }

    Filter leaf() {
        static const std::vector<AttributePath> texts = {
            {"", "userName", ""},   {"", "displayName", ""},
            {"", "title", ""},      {"", "nickName", ""},
            {"", "code", ""},       {"", "emails", "value"},
            {"", "emails", "type"}, {"urn:x:enterprise", "department", ""}};
        switch (random.below(12)) {
            case 0:
                return comparison(
                    factory.registry, "User", {"", "active", ""},
                    random.chance(50) ? Operator::eq : Operator::ne, random.chance(50)
                );
            case 1:
            case 2:
                return comparison(
                    factory.registry, "User", {"", "level", ""}, number_operator(),
                    static_cast<std::int64_t>(random.below(7)) - 3
                );
            case 3:
                return value_path();
            case 4: {
                Filter filter;
                filter.kind =
                    random.chance(50) ? Filter::Kind::edge_from : Filter::Kind::has_edges_from;
                if (filter.kind == Filter::Kind::edge_from || random.chance(60)) {
                    filter.target = groups[random.below(groups.size())].id;
                }
                return filter;
            }
            case 5: {
                Filter filter;
                filter.kind = Filter::Kind::row_field;
                const auto& row = users[random.below(users.size())].row;
                filter.op = random.chance(50) ? Operator::eq : Operator::ne;
                filter.value = row.id.to_string();
                return filter;
            }
            default: {
                const auto& path = texts[random.below(texts.size())];
                auto value = random.text();
                if (path.name == "userName") {
                    value = "u" + std::to_string(random.below(users.size()));
                }
                const auto null = random.chance(3);
                const auto op = null ? (random.chance(50) ? Operator::eq : Operator::ne)
                                     : random.text_operator();
                return comparison(
                    factory.registry, "User", path, op, null ? FilterValue{} : FilterValue{value}
                );
            }
        }
    }
    Operator number_operator() {
        static constexpr Operator all[] = {Operator::eq, Operator::ne, Operator::gt, Operator::ge,
                                           Operator::lt, Operator::le, Operator::pr};
        return all[random.below(std::size(all))];
    }
    Filter value_path() {
        const auto element = [&](const char* sub, std::string value) {
            Filter filter;
            filter.kind = Filter::Kind::comparison;
            filter.spec.path.sub = sub;
            filter.op = random.text_operator();
            filter.value = std::move(value);
            return filter;
        };
        Filter filter;
        filter.kind = Filter::Kind::value_path;
        filter.path = {"", "emails", ""};
        filter.children = {combined(
            random.chance(60) ? Filter::Kind::all_of : Filter::Kind::any_of,
            {element("type", random.chance(50) ? "work" : "home"), element("value", random.text())}
        )};
        if (random.chance(20)) {
            filter.children = {combined(Filter::Kind::negation, std::move(filter.children))};
        }
        return filter;
    }
    Filter tree(int depth) {
        if (depth == 0 || random.chance(35)) {
            return leaf();
        }
        if (random.chance(25)) {
            return combined(Filter::Kind::negation, {tree(depth - 1)});
        }
        std::vector<Filter> children;
        for (auto count = 2 + random.below(2); count > 0; --count) {
            children.push_back(tree(depth - 1));
        }
        return combined(
            random.chance(55) ? Filter::Kind::all_of : Filter::Kind::any_of, std::move(children)
        );
    }

    bool reaches(Oid from, Oid to) {
        std::vector<Oid> open = members[from];
        std::vector<Oid> seen;
        while (!open.empty()) {
            const auto next = open.back();
            open.pop_back();
            if (next == to) {
                return true;
            }
            if (std::find(seen.begin(), seen.end(), next) == seen.end()) {
                seen.push_back(next);
                open.insert(open.end(), members[next].begin(), members[next].end());
            }
        }
        return false;
    }
    std::vector<Oid> expected(const Filter& filter) {
        std::vector<Oid> result;
        for (const auto& user : users) {
            const auto test = [&](const Filter& edge_filter) {
                const bool wants_target = edge_filter.kind == Filter::Kind::edge_from;
                return std::any_of(groups.begin(), groups.end(), [&](const ObjectRow& group) {
                    return (group.id == edge_filter.target) == wants_target &&
                           reaches(group.oid, user.row.oid);
                });
            };
            if (matches(filter, user.row, user.body, test)) {
                result.push_back(user.row.oid);
            }
        }
        return result;
    }
    static std::vector<Oid> oids(const QueryResult& result) {
        std::vector<Oid> list;
        for (const auto& object : result.objects) {
            list.push_back(object.row.oid);
        }
        return list;
    }

    void compare(int cases) {
        for (int number = 0; number < cases; ++number) {
            Query query;
            query.type = user();
            query.filter = tree(3);
            query.limit = 100000;
            const auto wanted = expected(query.filter);
            const auto got = this->query(query);
            ASSERT_EQ(got.total, wanted.size()) << "case " << number << "\n" << explained(query);
            ASSERT_EQ(oids(got), wanted) << "case " << number << "\n" << explained(query);
            query.offset = random.below(wanted.size() + 2);
            query.limit = random.below(20);
            const auto page = this->query(query);
            ASSERT_EQ(page.total, wanted.size()) << "paged case " << number;
            const auto first = std::min<std::size_t>(query.offset, wanted.size());
            const auto last = std::min<std::size_t>(first + query.limit, wanted.size());
            ASSERT_EQ(
                oids(page), std::vector<Oid>(
                                wanted.begin() + static_cast<std::ptrdiff_t>(first),
                                wanted.begin() + static_cast<std::ptrdiff_t>(last)
                            )
            );
        }
    }
    std::string explained(const Query& query) {
        return read<std::string>([&](Reader& r) { return r.explain(query); });
    }

    Random random{20261122};
    std::vector<Known> users;
    std::vector<ObjectRow> groups;
    std::map<Oid, std::vector<Oid>> members;
};

TEST_F(RandomQuery, AnswersAsTheEvaluatorDoesOnFewObjects) {
    fill(60);
    compare(3000);
}

TEST_F(RandomQuery, AnswersAsTheEvaluatorDoesWhenDriversAreLarge) {
    fill(2500);
    compare(100);
}

TEST_F(RandomQuery, WalkingTermsSortsAsSortingDocumentsDoes) {
    fill(6000);
    for (const bool descending : {false, true}) {
        for (const char* name : {"title", "level"}) {
            const auto attribute = *factory.registry.find_attribute(user(), {"", name, ""});
            Query all;
            all.type = user();
            all.limit = 100000;
            all.sort = Sort{attribute, RowField::id, descending};
            const auto walked = oids(query(all));
            ASSERT_EQ(walked.size(), users.size());
            // A filter that only documents can decide forces sorting in memory.
            auto checked = all;
            checked.filter = combined(
                Filter::Kind::any_of,
                {where("nickName", Operator::pr, {}),
                 combined(Filter::Kind::negation, {where("nickName", Operator::pr, {})})}
            );
            ASSERT_EQ(oids(query(checked)), walked) << name << descending;
            for (const std::uint64_t offset : {0, 1500, 2500, 4000, 5990}) {
                all.offset = offset;
                all.limit = 700;
                const auto last = std::min<std::size_t>(offset + 700, walked.size());
                ASSERT_EQ(
                    oids(query(all)), std::vector<Oid>(
                                          walked.begin() + static_cast<std::ptrdiff_t>(offset),
                                          walked.begin() + static_cast<std::ptrdiff_t>(last)
                                      )
                );
            }
        }
    }
}

}  // namespace
}  // namespace bascule::test

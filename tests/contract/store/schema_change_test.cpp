// What a store says to a registry that differs from the one its data was written with.
#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using directory::AttributeSpec;
using directory::EdgeKind;
using directory::Operator;
using directory::ValueType;

class SchemaChange : public StoreContract<SqliteFactory> {
  protected:
    using Change = std::function<void(std::vector<AttributeSpec>&)>;

    /// The usual registry with users changed, and without one type when it is named.
    directory::Registry changed(const Change& change, std::string_view without = {}) {
        const directory::Registry usual = test_registry();
        directory::Registry registry;
        directory::register_internal_types(registry);
        for (const char* name : {"User", "Group"}) {
            auto spec = usual.spec(usual.type(name));
            if (spec.name == "User") {
                change(spec.attributes);
            }
            if (spec.name != without) {
                registry.add(std::move(spec));
            }
        }
        return registry;
    }
    static AttributeSpec& named(std::vector<AttributeSpec>& all, std::string_view name) {
        return *std::find_if(all.begin(), all.end(), [&](const AttributeSpec& spec) {
            return spec.path.name == name;
        });
    }
    static Change without(std::string_view name) {
        return [name](std::vector<AttributeSpec>& all) {
            std::erase_if(all, [&](const AttributeSpec& spec) { return spec.path.name == name; });
        };
    }
    /// Opens the store again; the error's code and field, or "ok".
    std::string reopen(directory::Registry registry) {
        store.reset();
        factory.registry = std::move(registry);
        auto opened = store::open_sqlite_store({factory.path()}, factory.registry, factory.clock);
        if (!opened) {
            EXPECT_FALSE(opened.error().detail.empty());
            return opened.error().code + " " + opened.error().field;
        }
        store = std::move(*opened);
        return "ok";
    }
};

TEST_F(SchemaChange, AnAttributeWithValuesCannotGo) {
    create(new_user(
        "ada", R"(,"title":"Countess","nickName":"A","urn:x:enterprise":{"department":"D"})"
    ));
    EXPECT_EQ(reopen(changed(without("title"))), "schema_in_use title");
    EXPECT_EQ(reopen(changed(without("nickName"))), "schema_in_use nickName");
    EXPECT_EQ(reopen(changed(without("department"))), "schema_in_use urn:x:enterprise:department");
    EXPECT_EQ(reopen(test_registry()), "ok") << "a refused opening changes nothing";
    EXPECT_EQ(query(where("title", Operator::eq, std::string("countess"))).total, 1U);
}

TEST_F(SchemaChange, AnAttributeWithoutValuesCanGoAndComeBack) {
    const auto ada = create(new_user("ada", R"(,"title":"Countess")"));
    must_write([&](directory::Transaction& t) -> Status {
        auto updated = t.update(ada, user_body("ada"), "", "ada");
        return updated ? Status{} : fail(updated.error());
    });
    EXPECT_EQ(reopen(changed(without("title"))), "ok");
    EXPECT_EQ(reopen(test_registry()), "ok");
    create(new_user("bob", R"(,"title":"Duke")"));
    EXPECT_EQ(query(where("title", Operator::eq, std::string("duke"))).total, 1U);
}

TEST_F(SchemaChange, ATypeOrAListCannotChangeUnderValues) {
    create(new_user("ada", R"(,"level":7,"nickName":"A")"));
    const auto number_to_text = [](auto& all) { named(all, "level").type = ValueType::text; };
    const auto one_to_many = [](auto& all) { named(all, "nickName").multi_valued = true; };
    const auto unused = [](auto& all) { named(all, "title").type = ValueType::integer; };
    EXPECT_EQ(reopen(changed(number_to_text)), "schema_in_use level");
    EXPECT_EQ(reopen(changed(one_to_many)), "schema_in_use nickName");
    EXPECT_EQ(reopen(changed(unused)), "ok");
}

TEST_F(SchemaChange, UniquenessNeedsDistinctValues) {
    create(new_user("ada", R"(,"title":"Countess","code":"x")"));
    create(new_user("bob", R"(,"title":"countess","code":"X")"));
    const auto unique = [](const char* name) {
        return [name](auto& all) { named(all, name).unique = true; };
    };
    EXPECT_EQ(reopen(changed(unique("title"))), "schema_in_use title");
    EXPECT_EQ(reopen(changed(unique("code"))), "ok") << "case counts for it";
    const auto folded = [](auto& all) {
        named(all, "code").unique = true;
        named(all, "code").case_exact = false;
    };
    EXPECT_EQ(reopen(changed(folded)), "schema_in_use code");
}

TEST_F(SchemaChange, ATypeWithObjectsCannotGo) {
    const auto team = create(new_group("team"));
    EXPECT_EQ(reopen(changed([](auto&) {}, "Group")), "schema_in_use Group");
    EXPECT_EQ(reopen(test_registry()), "ok");
    must_write([&](directory::Transaction& t) { return t.remove(team); });
    EXPECT_EQ(reopen(changed([](auto&) {}, "Group")), "ok");
}

TEST_F(SchemaChange, AReferenceWithEdgesCannotGo) {
    const EdgeKind kind = directory::own_edge_kind("urn:x:own:friend");
    const auto add = [&](auto& all) {
        AttributeSpec spec;
        spec.path = {"urn:x:own", "friend", "value"};
        spec.edge = kind;
        all.push_back(spec);
    };
    ASSERT_EQ(reopen(changed(add)), "ok");
    const auto ada = create(new_user("ada"));
    const auto bob = create(new_user("bob"));
    link(ada, bob, kind);
    EXPECT_EQ(reopen(test_registry()), "schema_in_use urn:x:own:friend.value");
    ASSERT_EQ(reopen(changed(add)), "ok");
    must_write([&](directory::Transaction& t) { return t.remove(bob); });
    EXPECT_EQ(row(ada).references, 0U) << "a deleted target goes away from it";
    must_write([&](directory::Transaction& t) { return t.restore(bob); });
    EXPECT_EQ(row(ada).references, 1U);
    must_write([&](directory::Transaction& t) -> Status {
        auto cleared = t.clear_edges(kind, ada);
        return cleared ? Status{} : fail(cleared.error());
    });
    EXPECT_EQ(reopen(test_registry()), "ok");
}

TEST_F(SchemaChange, ARunningStoreTakesUpWhatWasAdded) {
    create(new_user("ada"));
    auto user_spec = factory.registry.spec(user());
    AttributeSpec badge;
    badge.path = {"urn:x:own", "badge", ""};
    badge.searchable = true;
    badge.unique = true;
    user_spec.attributes.push_back(badge);
    directory::TypeSpec gauge{"Gauge", true, {}};
    gauge.attributes.push_back(badge);
    const std::vector<directory::TypeSpec> specs{user_spec, gauge};
    const auto added = factory.registry.extend(specs);
    ASSERT_TRUE(added && *added);
    ASSERT_TRUE(store->take_up_registry());
    create(new_user("bob", R"(,"urn:x:own":{"badge":"B7"})"));
    auto twice = new_user("eve", R"(,"urn:x:own":{"badge":"b7"})");
    const auto status = write([&](directory::Transaction& t) -> Status {
        auto made = t.create(twice);
        return made ? Status{} : fail(made.error());
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "uniqueness");
    auto object = new_user("x");
    object.type = factory.registry.type("Gauge");
    create(object);
    EXPECT_EQ(read<std::uint64_t>([&](directory::Reader& r) { return r.count(object.type); }), 1U);
    const auto again = factory.registry.extend(specs);
    EXPECT_TRUE(again && !*again);
}

TEST_F(SchemaChange, ARegistryOnlyGrows) {
    auto fewer = factory.registry.spec(user());
    fewer.attributes.pop_back();
    auto other = factory.registry.spec(user());
    other.attributes.front().case_exact = true;
    for (const auto& spec : {fewer, other}) {
        const auto refused = factory.registry.extend(std::vector{spec});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "schema_changed");
    }
    auto more = factory.registry.spec(user());
    more.attributes.push_back({{"", "shoeSize", ""}});
    ASSERT_TRUE(factory.registry.extend(std::vector{more}));
    factory.registry.withdraw();
    EXPECT_FALSE(factory.registry.find_attribute(user(), {"", "shoeSize", ""}));
    EXPECT_TRUE(factory.registry.find_attribute(user(), {"", "userName", ""}));
}

}  // namespace
}  // namespace bascule::test

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::IsEmpty;

template <class Factory>
class StoreQuery : public StoreContract<Factory> {
  protected:
    void SetUp() override {
        this->create(this->new_user(
            "ann", R"(,"title":"Boss","level":3,"emails":[{"type":"work","value":"ann@x.org"}])"
        ));
        this->create(this->new_user("bob", R"(,"title":"clerk","level":1,"active":true)"));
        this->create(this->new_user("cid", R"(,"title":"Clerk","level":2,"active":true)"));
        this->create(this->new_user("dan"));
    }
    std::vector<std::string> sorted(
        const char* attribute, bool descending, std::uint64_t offset = 0, std::uint64_t limit = 10
    ) {
        Query query;
        query.type = this->user();
        query.sort = Sort{
            this->factory.registry.find_attribute(this->user(), {"", attribute, ""}), RowField::id,
            descending};
        query.offset = offset;
        query.limit = limit;
        const auto result = this->query(query);
        EXPECT_EQ(result.total, 4U);
        return this->names(result);
    }
};
TYPED_TEST_SUITE(StoreQuery, Adapters);

TYPED_TEST(StoreQuery, EverythingComesInCreationOrderAndInPages) {
    Query query;
    query.type = this->user();
    EXPECT_THAT(this->names(this->query(query)), ElementsAre("ann", "bob", "cid", "dan"));
    query.offset = 1;
    query.limit = 2;
    const auto page = this->query(query);
    EXPECT_EQ(page.total, 4U);
    EXPECT_THAT(this->names(page), ElementsAre("bob", "cid"));
    query.offset = 9;
    EXPECT_EQ(this->query(query).total, 4U);
    query.limit = 0;
    query.offset = 0;
    EXPECT_EQ(this->query(query).total, 4U);
    EXPECT_THAT(this->query(query).objects, IsEmpty());
}

TYPED_TEST(StoreQuery, SortsIgnoringCaseWithMissingValuesLastAscendingAndFirstDescending) {
    EXPECT_THAT(this->sorted("title", false), ElementsAre("ann", "bob", "cid", "dan"));
    EXPECT_THAT(this->sorted("title", true), ElementsAre("dan", "cid", "bob", "ann"));
    EXPECT_THAT(this->sorted("level", false), ElementsAre("bob", "cid", "ann", "dan"));
    EXPECT_THAT(this->sorted("level", true, 1, 2), ElementsAre("ann", "cid"));
}

TYPED_TEST(StoreQuery, SortsByRowFields) {
    Query query;
    query.type = this->user();
    query.sort = Sort{std::nullopt, RowField::id, true};
    EXPECT_THAT(this->names(this->query(query)), testing::SizeIs(4));
    query.sort = Sort{std::nullopt, RowField::created, true};
    EXPECT_THAT(this->names(this->query(query)), ElementsAre("dan", "cid", "bob", "ann"));
}

TYPED_TEST(StoreQuery, ResidualDecidesWhatHasNoTerms) {
    Filter path;
    path.kind = Filter::Kind::value_path;
    path.path = {"", "emails", ""};
    Filter type;
    type.kind = Filter::Kind::comparison;
    type.spec.path.sub = "type";
    type.value = std::string("home");
    Filter value = type;
    value.spec.path.sub = "value";
    value.value = std::string("ANN@x.org");
    path.children = {combined(Filter::Kind::all_of, {type, value})};
    EXPECT_THAT(this->names(this->query(path)), IsEmpty());
    path.children[0].children[0].value = std::string("work");
    EXPECT_THAT(this->names(this->query(path)), ElementsAre("ann"));
}

TYPED_TEST(StoreQuery, OtherTypesAndDeletedObjectsAreNotSeen) {
    this->create(this->new_group("ann"));
    const auto gone = this->create(this->new_user("eve"));
    this->must_write([&](Transaction& t) { return t.remove(gone); });
    EXPECT_THAT(
        this->names(this->query(this->where("userName", Operator::pr, {}))),
        ElementsAre("ann", "bob", "cid", "dan")
    );
    EXPECT_THAT(
        this->names(
            this->query(combined(Filter::Kind::negation, {this->where("title", Operator::pr, {})}))
        ),
        ElementsAre("dan")
    );
}

TYPED_TEST(StoreQuery, ExplainNamesDriverAndResidual) {
    Query query;
    query.type = this->user();
    query.filter = combined(
        Filter::Kind::all_of, {this->where("active", Operator::eq, true),
                               this->where("userName", Operator::eq, std::string("bob")),
                               this->where("nickName", Operator::co, std::string("x"))}
    );
    const auto text = this->template read<std::string>([&](Reader& r) { return r.explain(query); });
    EXPECT_THAT(text, testing::StartsWith("drive: userName eq"));
    EXPECT_THAT(text, testing::HasSubstr("residual"));
}

}  // namespace
}  // namespace bascule::test

#include "directory/model/attribute_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "directory/model/entry_references.hpp"

namespace bascule::directory {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::IsEmpty;

std::optional<AttributeValues> within(const std::string& octets) {
    auto owner = std::make_shared<const std::string>(octets);
    const std::string_view view = *owner;
    return AttributeValues::within(std::move(owner), view);
}

TEST(AttributeValues, AreThoseOfTheMessage) {
    const auto values = within("\x04\x03one\x04\x00\x04\x81\x05three\x04\x84\x00\x00\x00\x01x"s);
    ASSERT_TRUE(values);
    EXPECT_THAT(*values, ElementsAre("one", "", "three", "x"));
    EXPECT_EQ(values->size(), 4U);
    EXPECT_EQ(values->front(), "one");
}

TEST(AttributeValues, StayInTheMessageAsLongAsACopyIsThere) {
    std::weak_ptr<const std::string> message;
    AttributeValues copy;
    {
        auto owner = std::make_shared<const std::string>("\x04\x03one"s);
        message = owner;
        const std::string_view view = *owner;
        const auto values = AttributeValues::within(std::move(owner), view);
        copy = *values;
        EXPECT_EQ(copy.front().data(), message.lock()->data() + 2);
    }
    EXPECT_EQ(copy.front(), "one");
    copy.push_back("two");
    EXPECT_TRUE(message.expired()) << "what is changed no longer needs the message";
    EXPECT_THAT(copy, ElementsAre("one", "two"));
}

TEST(AttributeValues, AreNoneWhenTheMessageIsBroken) {
    for (const auto& broken :
         {"\x04"s, "\x04\x03on"s, "\x30\x03one"s, "\x04\x80one"s, "\x04\x82\x01"s,
          "\x04\x85\x00\x00\x00\x00\x01x"s, "\x04\x84\xff\xff\xff\xffx"s, "\x04\x03one\x04"s}) {
        EXPECT_FALSE(within(broken)) << testing::PrintToString(broken);
    }
    EXPECT_THAT(*within(""), IsEmpty());
}

TEST(AttributeValues, OfAnyLengthComeBackAsTheyWentIn) {
    AttributeValues values;
    std::vector<std::string> wanted;
    for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 70'000U}) {
        wanted.push_back(std::string(size, '\0'));
        values.push_back(wanted.back());
    }
    EXPECT_THAT(values, testing::ElementsAreArray(wanted));
    EXPECT_EQ(values, AttributeValues(wanted));
    values.append(AttributeValues{"last"});
    EXPECT_EQ(values.size(), wanted.size() + 1);
    EXPECT_FALSE(values == AttributeValues(wanted));
}

TEST(AttributeValues, AreEqualHoweverTheirLengthsAreWritten) {
    EXPECT_EQ(*within("\x04\x81\x03one"s), AttributeValues{"one"});
}

TEST(AttributeValues, AreFoundAgainByTheirPlace) {
    const AttributeValues values{"one", "", "three"};
    for (auto at = values.begin(); at != values.end(); ++at)
        EXPECT_EQ(values.find_at(values.place_of(at)), at);
}

std::optional<EntryReference> read(EdgeKind kind, std::string_view value, bool user_name) {
    if (value.empty())
        return std::nullopt;
    return user_name ? EntryReference{kind, {}, std::string(value)}
                     : EntryReference{kind, std::string(value), {}};
}

TEST(EntryReferences, AreReadFromEveryAttributeAndFoundAgainByTheirPlace) {
    EntryReferences references(read);
    references.add(EdgeKind::member, {"a", "", "b"}, false);
    references.add(EdgeKind::member, {}, false);
    references.add(EdgeKind::member, {"c", "d"}, true);
    EXPECT_EQ(references.size(), 5U);
    std::vector<std::string> seen;
    ASSERT_TRUE(references.each([&](const EntryReference& one, auto place) -> Status {
        seen.push_back(one.dn_key + "/" + one.user_name);
        const auto again = references.at(place);
        EXPECT_EQ(again.dn_key + "/" + again.user_name, seen.back());
        return {};
    }));
    EXPECT_THAT(seen, ElementsAre("a/", "b/", "/c", "/d"));
}

}  // namespace
}  // namespace bascule::directory

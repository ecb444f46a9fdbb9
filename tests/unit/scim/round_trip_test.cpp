#include <random>

#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;
using directory::ValueType;

/// Makes random resources of a type from its schemas, names in odd spellings and in odd order.
class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}

    Json resource(const ResourceType& type) {
        Json json = attributes(*type.schema);
        json["externalId"] = text();
        for (const auto& extension : type.extensions) {
            json[extension.schema->id] = attributes(*extension.schema);
        }
        return shuffled(json);
    }

    Json shuffled(const Json& object) {
        std::vector<std::pair<std::string, Json>> members;
        for (const auto& [key, value] : object.items()) {
            members.emplace_back(key, value);
        }
        std::shuffle(members.begin(), members.end(), random_);
        Json out = Json::object();
        for (auto& [key, value] : members) {
            out[key] = std::move(value);
        }
        return out;
    }

  private:
    int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

    std::string text() {
        static constexpr const char* parts[] = {"a",  "Ä", "😀",    "\"",   "\\",
                                                "\n", "/", "\x7f", "\x01", " "};
        std::string out = "x";
        for (int i = below(6); i > 0; --i) {
            out += parts[below(10)];
        }
        return out;
    }

    std::string spelled(std::string name) {
        for (char& c : name) {
            if (below(4) == 0 && c >= 'a' && c <= 'z') {
                c = static_cast<char>(c - 'a' + 'A');
            }
        }
        return name;
    }

    Json value(const Attribute& attribute) {
        switch (attribute.type) {
            case ValueType::boolean:
                return attribute.name != "primary" && below(2) == 0;
            case ValueType::integer:
                return below(1000);
            case ValueType::decimal:
                return below(1000) / 8.0;
            case ValueType::date_time:
                return "2026-01-31T08:00:00+01:00";
            case ValueType::binary:
                return "AAEC";
            case ValueType::complex:
                return object(attribute.sub_attributes);
            default:
                return text();
        }
    }

    Json object(const std::vector<Attribute>& attributes) {
        Json out = Json::object();
        for (const Attribute& attribute : attributes) {
            if (attribute.required || attribute.name == "value" || below(3) > 0) {
                out[spelled(attribute.name)] = any_value(attribute);
            }
        }
        return shuffled(out);
    }

    Json any_value(const Attribute& attribute) {
        if (!attribute.multi_valued) {
            return value(attribute);
        }
        Json list = Json::array();
        for (int i = below(4); i > 0; --i) {
            list.push_back(value(attribute));
        }
        return list;
    }

    Json attributes(const Schema& schema) { return object(schema.attributes); }

    std::mt19937 random_;
};

TEST(CanonicalBody, IsAFixedPointForRandomResourcesOfEveryType) {
    const auto& schemas = *fixture().schemas;
    for (unsigned seed = 0; seed < 200; ++seed) {
        Generator generator(seed);
        for (const auto& type : schemas.types()) {
            const Json json = generator.resource(*type);
            const auto draft = decode_resource(json, schemas, *type, DraftPurpose::create);
            ASSERT_TRUE(draft) << draft.error().detail << json.dump();
            const auto again = canonical_body(json_of(draft->body), schemas, *type);
            ASSERT_TRUE(again);
            EXPECT_EQ(*again, draft->body);
            const auto shuffled =
                canonical_body(generator.shuffled(json_of(draft->body)), schemas, *type);
            EXPECT_EQ(shuffled.value_or(""), draft->body);
            EXPECT_TRUE(changed_attributes(draft->body, *again).empty());
        }
    }
}

}  // namespace
}  // namespace bascule::scim

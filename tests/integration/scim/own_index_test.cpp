// Filters on attributes of an operator's schemas go to indexes.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "directory/model/internal_types.hpp"
#include "scim/filter/filter.hpp"
#include "scim/schema/own_schemas.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::scim {
namespace {

constexpr const char* gauge = "urn:example:params:scim:schemas:core:2.0:Gauge";
constexpr const char* calibration = "urn:example:params:scim:schemas:extension:2.0:Calibration";

std::string file(const std::string& name) {
    std::ifstream stream(std::string(BASCULE_CASES) + "/schemas/" + name + ".json");
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::unique_ptr<SchemaRegistry> load() {
    OwnSchemas own;
    own.files = {{"gauge", file("gauge")}, {"calibration", file("calibration")}};
    ResourceTypeFile type;
    type.name = "Gauge";
    type.endpoint = "/Gauges";
    type.schema = gauge;
    type.extensions.push_back({calibration, true});
    own.types.push_back(type);
    std::vector<SchemaFault> faults;
    return SchemaRegistry::load_with(own, faults);
}

class StillClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override { return Time(std::chrono::milliseconds(1)); }
};

class OwnIndexes : public ::testing::Test {
  protected:
    OwnIndexes() {
        std::string pattern = std::filesystem::temp_directory_path() / "own_index.XXXXXX";
        folder_ = mkdtemp(pattern.data());
        EXPECT_TRUE(schemas_->register_types(registry_));
        directory::register_internal_types(registry_);
        store_ = store::open_sqlite_store({(folder_ / "db").string()}, registry_, clock_).value();
    }
    ~OwnIndexes() override {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    /// Something that can be referred to.
    std::string add_gauge() {
        const Uuid id = uuid_v7(clock_.now());
        EXPECT_TRUE(store_->write(
            directory::Durability::full,
            [&](directory::Transaction& transaction) -> Status {
                directory::NewObject object;
                object.id = id;
                object.type = registry_.type("Gauge");
                object.body = R"({"displayName":"a"})";
                BASCULE_TRY([[maybe_unused]] const auto oid, transaction.create(object));
                return {};
            }
        ));
        return id.to_string();
    }
    std::string plan_of(const std::string& text) {
        const ResourceType& type = *schemas_->find_by_name("Gauge");
        directory::Query query;
        query.type = type.type;
        auto filter = compile_filter(text, *schemas_, type, registry_);
        EXPECT_TRUE(filter) << text;
        query.filter = *std::move(filter);
        std::string plan;
        EXPECT_TRUE(store_->read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(plan, reader.explain(query));
            return {};
        }));
        return plan;
    }

    std::filesystem::path folder_;
    StillClock clock_;
    std::unique_ptr<SchemaRegistry> schemas_ = load();
    directory::Registry registry_;
    std::unique_ptr<directory::Store> store_;
};

TEST_F(OwnIndexes, EveryKindOfAttributeDrivesItsQuery) {
    const std::string id = add_gauge();
    const std::string urn = calibration;
    for (const std::string& filter : std::vector<std::string>{
             R"(note eq "a")",
             R"(note sw "a")",
             R"(serial eq "A")",
             R"(tags eq "a")",
             R"(enabled eq true)",
             R"(count gt 9)",
             R"(counts le 9)",
             R"(ratio lt 0.5)",
             R"(ratios ge 1)",
             R"(checked gt "2026-01-01T00:00:00Z")",
             R"(image eq "AAEC")",
             R"(manual eq "https://a.example")",
             R"(place.floor eq 2)",
             R"(place.room sw "R")",
             R"(ports[value eq "a" and speed gt 5])",
             R"(note pr)",
             urn + R"(:laboratory eq "x")",
             urn + R"(:due lt "2027-01-01T00:00:00Z")",
             "owner.value eq \"" + id + "\"",
             "watchers[value eq \"" + id + "\"]",
             urn + ":inspector.value eq \"" + id + "\""}) {
        EXPECT_THAT(plan_of(filter), testing::StartsWith("drive: ")) << filter;
    }
}

}  // namespace
}  // namespace bascule::scim

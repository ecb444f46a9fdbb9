// Which requests are quick enough for the thread that reads the sockets.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "directory/model/internal_types.hpp"
#include "scim/service/service.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::scim {
namespace {

using http::Method;
using http::Pool;

class FixedClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override { return {}; }
};

class RoutePools : public testing::Test {
  protected:
    RoutePools() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pools.XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        EXPECT_TRUE(schemas_->register_types(registry_));
        directory::register_internal_types(registry_);
        store_ =
            store::open_sqlite_store({(folder_ / "test.db").string()}, registry_, clock_).value();
        service_ = std::make_unique<Service>(ServiceDependencies{
            *store_,
            *schemas_,
            [] {
                return std::make_shared<const authority::Authority>(
                    std::unordered_map<directory::SourceId, authority::Master>{}
                );
            },
            clock_,
            nullptr,
            {}});
        EXPECT_TRUE(service_->add_routes(router_, [](const auto&, const auto&) {
            return Result<access::Caller>(access::Caller{});
        }));
    }
    ~RoutePools() override {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    Pool pool_of(Method method, const std::string& target) {
        http::Request request;
        request.method = method;
        const auto question = target.find('?');
        request.path = "/scim/v2" + target.substr(0, question);
        request.query = question == std::string::npos ? "" : target.substr(question + 1);
        const auto match = router_.match(method, request.path);
        request.path_parameters = match.parameters;
        return match.route->pool_for(request);
    }

    std::filesystem::path folder_;
    FixedClock clock_;
    std::unique_ptr<SchemaRegistry> schemas_ = SchemaRegistry::load_builtin().value();
    directory::Registry registry_;
    std::unique_ptr<directory::Store> store_;
    std::unique_ptr<Service> service_;
    http::Router router_;
};

TEST_F(RoutePools, LookupsRunOnTheIoThreadAndScansDoNot) {
    const std::string id = "01890000-0000-7000-8000-00000000dead";
    EXPECT_EQ(pool_of(Method::get, "/Users/" + id), Pool::inline_);
    EXPECT_EQ(pool_of(Method::get, "/Users?filter=userName%20eq%20%22ann%22"), Pool::inline_);
    EXPECT_EQ(pool_of(Method::get, "/Users?filter=userName%20sw%20%22a%22"), Pool::read);
    EXPECT_EQ(pool_of(Method::get, "/Users"), Pool::read);
    EXPECT_EQ(pool_of(Method::get, "/Groups/" + id), Pool::read);
    EXPECT_EQ(pool_of(Method::get, "/Groups/" + id + "?excludedAttributes=members"), Pool::inline_);
    EXPECT_EQ(pool_of(Method::post, "/Users"), Pool::write);
    EXPECT_EQ(pool_of(Method::post, "/Users/.search"), Pool::read);
}

}  // namespace
}  // namespace bascule::scim

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "directory/authority/authority.hpp"
#include "directory/model/internal_types.hpp"
#include "scim/service/service.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::scim::fuzz {
namespace {

void require(bool held) {
    if (!held) {
        std::abort();
    }
}

class FixedClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override {
        return Time(std::chrono::milliseconds(1'780'000'000'000));
    }
};

/// The service over an empty store. Every request is a dry run, so that it stays empty.
class World {
  public:
    World() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "bulk_fuzz.XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        schemas_ = SchemaRegistry::load_builtin().value();
        require(schemas_->register_types(registry_).has_value());
        directory::register_internal_types(registry_);
        store_ = store::open_sqlite_store({(folder_ / "f.db").string()}, registry_, clock_).value();
        const auto authority = std::make_shared<const authority::Authority>(
            std::unordered_map<directory::SourceId, authority::Master>{}
        );
        ServiceOptions options;
        options.base_url = "https://id.example.com/scim/v2";
        options.bulk.max_operations = 20;
        service_ = std::make_unique<Service>(ServiceDependencies{
            *store_, *schemas_, [authority] { return authority; }, clock_, nullptr, options});
        require(service_->add_routes(router_, caller).has_value());
    }
    ~World() {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void bulk(std::string body) {
        http::Request request;
        request.method = http::Method::post;
        request.path = "/scim/v2/Bulk";
        request.headers = {{"prefer", "dry-run, return=representation"}};
        request.body = std::move(body);
        const auto match = router_.match(request.method, request.path);
        const http::Response response = match.route->handler(request, {});
        require(response.status == 200 || response.status == 400 || response.status == 413);
        const auto json = nlohmann::json::parse(response.body, nullptr, false);
        require(json.is_object());
        if (response.status == 200) {
            check_results(json.at("Operations"));
            require(is_empty());
        }
    }

  private:
    static Result<access::Caller> caller(const http::Request&, const http::RequestContext&) {
        access::Caller made;
        made.actor = {directory::ActorKind::token, std::nullopt, "fuzz"};
        made.scopes = {"users:write", "groups:write", "admin:write"};
        return made;
    }

    static void check_results(const nlohmann::json& results) {
        constexpr std::array<const char*, 9> known{"200", "201", "204", "400", "403",
                                                   "404", "409", "412", "413"};
        for (const auto& result : results) {
            const std::string status = result.at("status");
            require(std::find(known.begin(), known.end(), status) != known.end());
            require(status[0] == '2' || result.contains("response"));
        }
    }

    [[nodiscard]] bool is_empty() {
        std::uint64_t objects = 0;
        const auto load = [&](directory::Reader& reader) -> Status {
            for (const auto& type : schemas_->types()) {
                BASCULE_TRY(const std::uint64_t count, reader.count(type->type));
                objects += count;
            }
            return {};
        };
        return store_->read(load).has_value() && objects == 0;
    }

    std::filesystem::path folder_;
    FixedClock clock_;
    std::unique_ptr<SchemaRegistry> schemas_;
    directory::Registry registry_;
    std::unique_ptr<directory::Store> store_;
    std::unique_ptr<Service> service_;
    http::Router router_;
};

}  // namespace
}  // namespace bascule::scim::fuzz

/// A bulk request is refused, or gives a result for every operation, and a dry one leaves nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static bascule::scim::fuzz::World world;
    world.bulk(std::string(reinterpret_cast<const char*>(data), size));
    return 0;
}

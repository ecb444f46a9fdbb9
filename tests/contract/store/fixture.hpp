#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "directory/model/internal_types.hpp"
#include "directory/ports/store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::test {

/// A clock that stands until it is told to move. Thread-safe.
class SteppingClock final : public directory::Clock {
  public:
    Time now() const override { return Time(std::chrono::milliseconds(millis_.load())); }
    void advance(std::chrono::milliseconds by) { millis_ += by.count(); }

  private:
    std::atomic<std::int64_t> millis_{1'800'000'000'000};
};

/// A folder that goes with the test.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "bascule-store-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

  private:
    std::filesystem::path path_;
};

/// Types of the tests: users with simple, multi-valued, exact, numeric and unsearchable attributes,
/// and groups.
inline directory::Registry test_registry() {
    using directory::AttributeSpec;
    using directory::ValueType;
    const auto spec = [](directory::AttributePath path, ValueType type, bool searchable) {
        AttributeSpec result;
        result.path = std::move(path);
        result.type = type;
        result.searchable = searchable;
        return result;
    };
    directory::Registry registry;
    directory::register_internal_types(registry);
    directory::TypeSpec user{"User", true, {}};
    user.attributes.push_back(spec({"", "userName", ""}, ValueType::text, true));
    user.attributes.back().unique = true;
    user.attributes.push_back(spec({"", "displayName", ""}, ValueType::text, true));
    user.attributes.push_back(spec({"", "title", ""}, ValueType::text, true));
    user.attributes.push_back(spec({"", "nickName", ""}, ValueType::text, false));
    user.attributes.push_back(spec({"", "active", ""}, ValueType::boolean, true));
    user.attributes.push_back(spec({"", "level", ""}, ValueType::integer, true));
    user.attributes.push_back(spec({"", "code", ""}, ValueType::text, true));
    user.attributes.back().case_exact = true;
    for (const char* sub : {"value", "type"}) {
        user.attributes.push_back(
            spec({"", "emails", sub}, ValueType::text, std::string(sub) == "value")
        );
        user.attributes.back().multi_valued = true;
    }
    user.attributes.push_back(spec({"urn:x:enterprise", "department", ""}, ValueType::text, true));
    registry.add(std::move(user));
    directory::TypeSpec group{"Group", true, {}};
    group.attributes.push_back(spec({"", "displayName", ""}, ValueType::text, true));
    registry.add(std::move(group));
    return registry;
}

inline directory::Filter comparison(
    const directory::Registry& registry, std::string_view type,
    const directory::AttributePath& path, directory::Operator op, directory::FilterValue value
) {
    directory::Filter filter;
    filter.kind = directory::Filter::Kind::comparison;
    filter.attribute = registry.find_attribute(registry.type(type), path);
    filter.spec = registry.spec(*filter.attribute);
    filter.op = op;
    filter.value = std::move(value);
    return filter;
}

inline directory::Filter combined(
    directory::Filter::Kind kind, std::vector<directory::Filter> children
) {
    directory::Filter filter;
    filter.kind = kind;
    filter.children = std::move(children);
    return filter;
}

/// One store of the SQLite adapter in a folder of its own.
class SqliteFactory {
  public:
    std::unique_ptr<directory::Store> open() {
        auto store = store::open_sqlite_store({folder_.file("store.db")}, registry, clock);
        EXPECT_TRUE(store.has_value())
            << (store ? "" : store.error().detail + store.error().context);
        return store ? std::move(*store) : nullptr;
    }
    [[nodiscard]] std::string path() const { return folder_.file("store.db"); }

    directory::Registry registry = test_registry();
    SteppingClock clock;

  private:
    TemporaryFolder folder_;
};

/// The suite against the port. `Factory` opens the adapter under test, again on the same data after
/// a close.
template <class Factory>
class StoreContract : public ::testing::Test {
  protected:
    using Oid = directory::Oid;
    static constexpr auto member = directory::EdgeKind::member;

    directory::TypeId user() const { return factory.registry.type("User"); }
    directory::TypeId group() const { return factory.registry.type("Group"); }

    Status write(const std::function<Status(directory::Transaction&)>& fn) {
        return store->write(directory::Durability::full, fn);
    }
    void must_write(const std::function<Status(directory::Transaction&)>& fn) {
        const auto status = write(fn);
        ASSERT_TRUE(status.has_value())
            << status.error().code << " " << status.error().detail << " " << status.error().context;
    }
    template <class T>
    T read(const std::function<Result<T>(directory::Reader&)>& fn) {
        std::optional<T> value;
        const auto status = store->read([&](directory::Reader& reader) -> Status {
            auto result = fn(reader);
            if (!result) {
                return fail(result.error());
            }
            value = std::move(*result);
            return {};
        });
        EXPECT_TRUE(status.has_value())
            << (status ? "" : status.error().detail + status.error().context);
        return value ? std::move(*value) : T{};
    }

    static std::string user_body(const std::string& name, const std::string& more = "") {
        return R"({"userName":")" + name + R"(")" + more + "}";
    }
    directory::NewObject new_user(const std::string& name, const std::string& more = "") {
        return {uuid_v7(factory.clock.now()), user(), directory::SourceId::local, name,
                user_body(name, more),        ""};
    }
    directory::NewObject new_group(const std::string& name) {
        return {uuid_v7(factory.clock.now()),           group(), directory::SourceId::local, name,
                R"({"displayName":")" + name + R"("})", ""};
    }
    Oid create(directory::NewObject object) {
        Oid oid{};
        must_write([&](directory::Transaction& t) -> Status {
            auto made = t.create(object);
            if (!made) {
                return fail(made.error());
            }
            oid = *made;
            return {};
        });
        return oid;
    }
    void link(Oid source, Oid target, directory::EdgeKind kind = member) {
        must_write([&](directory::Transaction& t) -> Status {
            auto added = t.add_edge(kind, source, target);
            return added ? Status{} : fail(added.error());
        });
    }
    directory::ObjectRow row(Oid oid) {
        const auto found = read<std::optional<directory::ObjectRow>>([&](directory::Reader& r) {
            return r.find_row(oid);
        });
        EXPECT_TRUE(found.has_value());
        return found.value_or(directory::ObjectRow{});
    }
    std::vector<std::string> names(const directory::QueryResult& result) {
        std::vector<std::string> list;
        for (const auto& object : result.objects) {
            list.push_back(object.row.display);
        }
        return list;
    }
    directory::QueryResult query(directory::Query query) {
        return read<directory::QueryResult>([&](directory::Reader& r) { return r.query(query); });
    }
    directory::QueryResult query(directory::Filter filter) {
        directory::Query all;
        all.type = user();
        all.filter = std::move(filter);
        return query(std::move(all));
    }
    directory::Filter where(
        const char* name, directory::Operator op, directory::FilterValue value
    ) {
        return comparison(factory.registry, "User", {"", name, ""}, op, std::move(value));
    }
    std::vector<std::string> by_user_name(const std::string& name) {
        return names(query(where("userName", directory::Operator::eq, name)));
    }

    Factory factory;
    std::unique_ptr<directory::Store> store = factory.open();
};

using Adapters = ::testing::Types<SqliteFactory>;

}  // namespace bascule::test

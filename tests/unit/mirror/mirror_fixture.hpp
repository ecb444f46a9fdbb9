#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "connectors/ldap/mapping/mapping.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/mirror/mirror_engine.hpp"
#include "tests/unit/mirror/entry_text.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"
#include "tests/unit/mirror/store_folder.hpp"

namespace bascule::test {

/// A clock that stands still until it is moved.
class SetClock final : public directory::Clock {
  public:
    Time time = Time(std::chrono::milliseconds(1'790'000'000'000));
    [[nodiscard]] Time now() const override { return time; }
};

inline Uuid uuid_of(unsigned number) {
    Uuid id;
    id.bytes[0] = 0xaa;
    for (std::size_t index = 0; index < 4; ++index)
        id.bytes[15 - index] = static_cast<std::uint8_t>(number >> (8 * index));
    return id;
}

/// A throw-away folder with a store, a mapper and an engine for the source "corp".
class MirrorWorld {
  public:
    explicit MirrorWorld(
        mirror::GuardLimits limits = {}, ldap::Mapping mapping = {},
        const std::filesystem::path& above = std::filesystem::temp_directory_path()
    )
        : folder_(above, clock), limits_(limits) {
        mapper = std::move(*ldap::Mapper::compile(mapping, product_registry()));
        store = folder_.open();
        reopen_engine();
    }
    MirrorWorld(const MirrorWorld&) = delete;
    MirrorWorld& operator=(const MirrorWorld&) = delete;

    /// As after a crash: what was batched is lost.
    void reopen_engine() { reopen_engine(*store); }
    /// The same through what stands before the store.
    void reopen_engine(directory::Store& through) {
        engine = std::make_unique<mirror::MirrorEngine>(through, *mapper, clock, "corp", limits_);
        check(engine->open());
    }
    /// As after a kill of the whole process: goes on with the files as they are at this moment.
    template <class Through>
    void reopen_store(Through& through) {
        folder_.kill();
        engine.reset();
        store = folder_.open();
        folder_.forget_killed();
        through.use(*store);
        reopen_engine(through);
    }

    static void check(const Status& status) {
        if (!status)
            throw std::runtime_error(
                status.error().code + ": " + status.error().detail + " " + status.error().context
            );
    }

    template <class F>
    auto read(F&& function) {
        decltype(function(std::declval<directory::Reader&>())) out{};
        check(store->read([&](directory::Reader& reader) -> Status {
            out = function(reader);
            return {};
        }));
        return out;
    }

    std::optional<directory::Object> object(const Uuid& anchor) {
        return read([&](directory::Reader& reader) {
            return *reader.find(mirror::object_id("corp", anchor));
        });
    }
    bool served(const Uuid& anchor) {
        const auto found = object(anchor);
        return found && found->row.type != product_registry().type("Unmapped");
    }
    std::optional<directory::MirrorEntry> entry(const Uuid& anchor) {
        return read([&](directory::Reader& reader) -> std::optional<directory::MirrorEntry> {
            const auto any = *reader.find_any(mirror::object_id("corp", anchor));
            return any ? *reader.find_entry(any->row.oid) : std::nullopt;
        });
    }
    /// The anchor of an object of uuid_of()'s first thousands.
    [[nodiscard]] static Uuid anchor_of(const Uuid& object) {
        static const auto anchors = [] {
            std::unordered_map<Uuid, Uuid> out;
            for (unsigned number = 1; number < 2000; ++number)
                out[mirror::object_id("corp", uuid_of(number))] = uuid_of(number);
            return out;
        }();
        return anchors.at(object);
    }
    std::set<Uuid> targets(
        const Uuid& anchor, directory::EdgeKind kind = directory::EdgeKind::member
    ) {
        return read([&](directory::Reader& reader) {
            std::set<Uuid> out;
            const auto row = *reader.find_row(mirror::object_id("corp", anchor));
            if (!row)
                return out;
            const auto rows = reader.edge_targets(kind, row->oid, directory::Oid{}, 1'000'000);
            for (const auto& target : *rows)
                out.insert(target.id);
            return out;
        });
    }
    std::vector<directory::JournalRecord> journal() {
        directory::JournalQuery query;
        query.limit = 100'000;
        return read([&](directory::Reader& reader) { return *reader.journal(query); });
    }
    mirror::HeldPlan held() {
        return mirror::HeldPlan::parse(
            read([&](directory::Reader& reader) {
                return reader.source_state("corp")->value_or(directory::SourceState{});
            }).held_plan
        );
    }

    SetClock clock;

  private:
    StoreFolder folder_;

  public:
    std::unique_ptr<ldap::Mapper> mapper;
    std::unique_ptr<directory::Store> store;
    std::unique_ptr<mirror::MirrorEngine> engine;

  private:
    mirror::GuardLimits limits_;
};

}  // namespace bascule::test

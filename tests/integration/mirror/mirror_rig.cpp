#include "tests/integration/mirror/mirror_rig.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/dn.hpp"
#include "directory/mirror/document.hpp"
#include "directory/mirror/identity.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::test {
namespace {

using directory::EdgeKind;
using directory::EntryState;
using directory::MappedEntry;
using directory::Reader;
using directory::SourceEntry;

constexpr const char* source_name = "corp";
constexpr std::chrono::seconds patience{30};

class WallClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now()
        );
    }
};

void check(const Status& status) {
    if (!status)
        throw std::runtime_error(status.error().code + ": " + status.error().detail);
}

/// One comparison of everything that the directory and the store hold.
class Comparison {
  public:
    Comparison(Reader& reader, const ldap::Mapper& mapper, const std::vector<SourceEntry>& entries)
        : reader_(reader), mapper_(mapper), entries_(entries) {
        for (const SourceEntry& entry : entries)
            by_key_[entry.dn_key] = object_of(entry.anchor);
    }

    std::vector<std::string> run() {
        const auto state = reader_.source_state(source_name).value();
        if (!state)
            return {"the source is not known"};
        std::set<Uuid> stored;
        check(reader_.each_entry(
            state->id,
            [&](directory::Oid, const Uuid& anchor, EntryState) -> Status {
                stored.insert(anchor);
                return {};
            }
        ));
        for (const SourceEntry& entry : entries_) {
            compare(entry);
            stored.erase(entry.anchor);
        }
        for (const Uuid& anchor : stored)
            out_.push_back("not in the directory: " + anchor.to_string());
        return std::move(out_);
    }

  private:
    static Uuid object_of(const Uuid& anchor) { return mirror::object_id(source_name, anchor); }
    void differs(const SourceEntry& entry, const std::string& what) {
        out_.push_back(entry.dn + ": " + what);
    }

    void compare(const SourceEntry& entry) {
        const auto object = *reader_.find_any(object_of(entry.anchor));
        if (!object)
            return differs(entry, "missing");
        const auto stored = *reader_.find_entry(object->row.oid);
        if (!stored)
            return differs(entry, "no bookkeeping");
        if (stored->dn_key != entry.dn_key || stored->dn != entry.dn)
            differs(entry, "stands at " + stored->dn);
        const MappedEntry mapped = mapper_.map(entry);
        if (stored->state != mapped.state)
            return differs(entry, "state " + stored->reason);
        if (mapped.state != EntryState::mirrored)
            return;
        const std::string body = mirror::assemble_document(
            product_registry(), mapped.type, object->row.id, mapped.attributes, {}
        );
        if (object->body != body)
            differs(entry, object->body + " instead of " + body);
        compare_edges(entry, mapped, *object);
    }

    void compare_edges(
        const SourceEntry& entry, const MappedEntry& mapped, const directory::Object& object
    ) {
        const auto unmapped = product_registry().type("Unmapped");
        std::set<Uuid> wanted;
        const auto take = [&](const directory::EntryReference& reference, auto) -> Status {
            const auto found = by_key_.find(reference.dn_key);
            const auto row =
                found == by_key_.end() ? std::nullopt : *reader_.find_row(found->second);
            if (row && row->type != unmapped)
                wanted.insert(row->id);
            return {};
        };
        static_cast<void>(mapped.references.each(take));
        const bool group = mapped.type == product_registry().type("Group");
        const auto rows = *reader_.edge_targets(
            group ? EdgeKind::member : EdgeKind::manager, object.row.oid, {}, 1'000'000
        );
        std::set<Uuid> stored;
        for (const auto& row : rows)
            stored.insert(row.id);
        if (stored != wanted)
            differs(entry, fmt::format("{} references of {}", stored.size(), wanted.size()));
    }

    Reader& reader_;
    const ldap::Mapper& mapper_;
    const std::vector<SourceEntry>& entries_;
    std::map<std::string, Uuid> by_key_;
    std::vector<std::string> out_;
};

directory::Clock& wall_clock() {
    static WallClock clock;
    return clock;
}

}  // namespace

mirror::GuardLimits open_limits() {
    mirror::GuardLimits limits;
    limits.delete_percent = limits.emptied_percent = limits.membership_percent =
        limits.attribute_percent = 100.0;
    limits.delete_at_least = 1'000'000;
    return limits;
}

ldap::SourceOptions slapd_source(
    const SlapdRig& directory, ldap::Mapping mapping, std::string base
) {
    ldap::SourceOptions options;
    options.connection.servers = {directory.ldap_uri()};
    options.connection.ca_file = directory.ca_file();
    options.connection.bind_dn = SlapdRig::service_dn();
    options.connection.secret = [] { return Secret(SlapdRig::service_password()); };
    options.connection.network_timeout = std::chrono::seconds(2);
    options.connection.operation_timeout = std::chrono::seconds(5);
    options.base = std::move(base);
    options.mapping = std::move(mapping);
    return options;
}

MirrorSetup slapd_setup(const SlapdRig& directory, mirror::GuardLimits limits) {
    return {
        slapd_source(directory, {}, SlapdRig::suffix()), ldap::Dialect::openldap, "entryUUID",
        std::move(limits)};
}

MirrorRig::MirrorRig(
    SlapdRig& directory, mirror::GuardLimits limits, ldap::Mapping mapping, std::string base
)
    : MirrorRig(
          {slapd_source(directory, std::move(mapping), std::move(base)), ldap::Dialect::openldap,
           "entryUUID", limits}
      ) {}

MirrorRig::MirrorRig(MirrorSetup setup)
    : setup_(std::move(setup)), clock_(wall_clock()), work_(setup_.source.connection) {
    std::string pattern = std::filesystem::temp_directory_path() / "bascule-mirror.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("cannot make a folder for the store");
    folder_ = pattern;
    parts_ = make_parts();
    store_ =
        std::move(*store::open_sqlite_store({folder_ + "/mirror.db"}, product_registry(), clock_));
}

MirrorRig::~MirrorRig() {
    runner_.reset();
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

ldap::DialectParts MirrorRig::make_parts() {
    return std::move(*ldap::make_parts(setup_.dialect, setup_.source, work_, product_registry()));
}

void MirrorRig::start() {
    runner_ = std::make_unique<mirror::SourceRunner>(
        *store_, make_parts().feed, *parts_.mapper, clock_, source_name, setup_.limits
    );
    runner_->start();
}

void MirrorRig::stop() {
    runner_.reset();
}

bool MirrorRig::wait(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

bool MirrorRig::wait_live() {
    return wait([this] { return status().state == "live"; });
}

std::vector<SourceEntry> MirrorRig::read_directory() const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto connection = *ldap::Connection::open_bound(setup_.source.connection, deadline);
    ldap::SearchRequest request;
    request.base = setup_.source.base;
    request.scope = ldap::SearchScope::subtree;
    request.attributes = parts_.mapper->wanted_attributes();
    request.attributes.push_back(setup_.anchor_attribute);
    auto entries = connection.search(request, deadline);
    if (!entries)
        throw std::runtime_error(entries.error().code + ": " + entries.error().context);
    for (SourceEntry& entry : *entries) {
        entry.anchor = ldap::anchor_of(entry.first_value(setup_.anchor_attribute));
        entry.dn_key = ldap::dn_key_or_raw(entry.dn);
    }
    return *std::move(entries);
}

std::vector<std::string> MirrorRig::differences() {
    const std::vector<SourceEntry> entries = read_directory();
    std::vector<std::string> out;
    read([&](Reader& reader) { out = Comparison(reader, *parts_.mapper, entries).run(); });
    return out;
}

std::vector<std::string> MirrorRig::wait_equal(Duplicates duplicates) {
    std::vector<std::string> last;
    static_cast<void>(wait([&] {
        last = differences();
        if (duplicates == Duplicates::ignored) {
            std::erase_if(last, [](const std::string& one) {
                return one.find("state duplicate:") != std::string::npos;
            });
        }
        return last.empty();
    }));
    return last;
}

void MirrorRig::read(const std::function<void(Reader&)>& work) {
    check(store_->read([&](Reader& reader) -> Status {
        work(reader);
        return {};
    }));
}

std::optional<directory::MirrorEntry> MirrorRig::entry(std::string_view dn) {
    std::optional<directory::MirrorEntry> out;
    read([&](Reader& reader) {
        const auto state = reader.source_state(source_name).value();
        if (state)
            out = *reader.find_entry(state->id, ldap::dn_key_or_raw(dn));
    });
    return out;
}

std::string MirrorRig::document(std::string_view dn) {
    const auto found = entry(dn);
    std::string out;
    if (!found)
        return out;
    read([&](Reader& reader) {
        const auto object = *reader.find(found->oid);
        if (object && object->row.type != product_registry().type("Unmapped"))
            out = object->body;
    });
    return out;
}

std::vector<std::string> MirrorRig::members(std::string_view group_dn) {
    const auto found = entry(group_dn);
    std::vector<std::string> out;
    if (!found)
        return out;
    read([&](Reader& reader) {
        const auto rows = reader.edge_targets(EdgeKind::member, found->oid, {}, 1'000'000).value();
        for (const auto& row : rows)
            out.push_back(row.display);
    });
    return out;
}

std::int64_t MirrorRig::last_sequence() {
    std::int64_t out = 0;
    read([&](Reader& reader) { out = *reader.last_sequence(); });
    return out;
}

std::size_t MirrorRig::deletes() {
    directory::JournalQuery query;
    query.limit = 100'000;
    std::size_t out = 0;
    read([&](Reader& reader) {
        const auto records = reader.journal(query).value();
        out = static_cast<std::size_t>(std::count_if(
            records.begin(), records.end(),
            [](const auto& record) { return record.activity.starts_with("Delete "); }
        ));
    });
    return out;
}

std::vector<std::string> MirrorRig::groups_of(std::string_view dn) {
    const auto found = entry(dn);
    std::vector<std::string> out;
    if (!found)
        return out;
    read([&](Reader& reader) {
        const auto groups = reader.reaching(EdgeKind::member, found->oid).value();
        for (const auto& group : groups)
            out.push_back(group.row.display);
    });
    return out;
}

void MirrorRig::store_cookie(const std::string& cookie) {
    check(store_->write(
        directory::Durability::full,
        [&](directory::Transaction& transaction) -> Status {
            auto state = **transaction.source_state(source_name);
            state.cookie = cookie;
            return transaction.put_source_state(state);
        }
    ));
}

}  // namespace bascule::test

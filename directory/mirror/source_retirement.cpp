#include "directory/mirror/source_retirement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "directory/mirror/entry_applier.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::Reader;
using directory::SourceState;
using directory::Transaction;

namespace {

constexpr std::size_t entries_per_transaction = 500;

/// Nothing is mapped any more.
class NoMapper final : public directory::EntryMapper {
  public:
    directory::MappedEntry map(const directory::SourceEntry&) const override { return {}; }
    bool fills(directory::TypeId, const directory::AttributePath&) const override { return true; }
    std::string fingerprint() const override { return {}; }
};

Result<SourceState> require_source(Reader& reader, std::string_view source) {
    BASCULE_TRY(auto state, reader.source_state(source));
    if (!state) {
        return fail(
            ErrorKind::not_found, "unknown_source",
            fmt::format("No source called '{}' was ever mirrored here.", source)
        );
    }
    return *std::move(state);
}

Result<std::uint64_t> entries_of(Reader& reader, directory::SourceId source) {
    std::uint64_t total = 0;
    for (const auto state :
         {EntryState::mirrored, EntryState::unmatched, EntryState::quarantined}) {
        BASCULE_TRY(const auto count, reader.count_entries(source, state));
        total += count;
    }
    return total;
}

Status record(
    Transaction& transaction, const directory::Actor& actor, std::string_view source,
    std::uint64_t entries
) {
    directory::JournalRecord record;
    record.actor = actor;
    record.origin = "CLI";
    record.activity = "Retire source";
    record.target_display = std::string(source);
    record.details = {{"entries", std::to_string(entries)}};
    return transaction.append(std::move(record));
}

/// Nothing that was decided or read of the source counts any more.
Status begin(
    Transaction& transaction, std::string_view source, std::uint64_t expected,
    const directory::Actor& actor
) {
    BASCULE_TRY(SourceState state, require_source(transaction, source));
    BASCULE_TRY(const auto entries, entries_of(transaction, state.id));
    if (entries != expected) {
        return fail(
            ErrorKind::conflict, "count_changed",
            fmt::format(
                "Source '{}' has {} entries, not {}. Nothing was changed.", source, entries,
                expected
            )
        );
    }
    state.cookie.clear();
    state.fingerprint.clear();
    state.mapping_fingerprint.clear();
    state.held_plan.clear();
    state.phase = "new";
    BASCULE_CHECK(transaction.put_source_state(state));
    return record(transaction, actor, source, entries);
}

Status remove_some(
    Transaction& transaction, const directory::Registry& registry, std::string_view source,
    std::span<const Uuid> anchors
) {
    BASCULE_TRY(const SourceState state, require_source(transaction, source));
    if (!state.fingerprint.empty()) {
        return fail(
            ErrorKind::conflict, "source_configured",
            fmt::format(
                "Source '{}' was configured again meanwhile; its directory decides about the rest.",
                source
            )
        );
    }
    const NoMapper mapper;
    const ObjectIds ids(state.name);
    RemovalGuard guard{GuardLimits{}};
    HeldPlan held;
    EntryApplier applier(
        {transaction, registry, mapper, state.id, state.name, ids, guard, held, nullptr}
    );
    for (const Uuid& anchor : anchors) {
        BASCULE_CHECK(applier.remove(anchor));
    }
    return {};
}

}  // namespace

Result<std::uint64_t> SourceRetirement::count(std::string_view source) {
    std::uint64_t total = 0;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(const SourceState state, require_source(reader, source));
        BASCULE_TRY(total, entries_of(reader, state.id));
        return {};
    }));
    return total;
}

Status SourceRetirement::retire(
    std::string_view source, std::uint64_t expected, const directory::Actor& actor
) {
    BASCULE_CHECK(store_.write(directory::Durability::full, [&](Transaction& transaction) {
        return begin(transaction, source, expected, actor);
    }));
    std::vector<Uuid> anchors;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        anchors.clear();
        BASCULE_TRY(const SourceState state, require_source(reader, source));
        return reader.each_entry(
            state.id,
            [&](directory::Oid, const Uuid& anchor, EntryState) -> Status {
                anchors.push_back(anchor);
                return {};
            }
        );
    }));
    for (std::span<const Uuid> rest(anchors); !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), entries_per_transaction));
        BASCULE_CHECK(store_.write(directory::Durability::full, [&](Transaction& transaction) {
            return remove_some(transaction, store_.registry(), source, some);
        }));
        rest = rest.subspan(some.size());
    }
    return {};
}

}  // namespace bascule::mirror

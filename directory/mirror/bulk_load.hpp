#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "directory/mirror/load_thread.hpp"
#include "directory/mirror/mirror_engine.hpp"

namespace bascule::mirror {

/// The first load of a source: entries go to the store's loader in the order they come, on a
/// thread of their own.
class MirrorEngine::BulkLoad {
  public:
    BulkLoad(
        std::unique_ptr<directory::Loader> loader, const directory::Registry& registry,
        const std::string& source, const ObjectIds& ids, directory::SourceId id
    )
        : loader_(std::move(loader)),
          registry_(registry),
          source_(source),
          ids_(ids),
          source_id_(id),
          thread_([this](const LoadThread::Arrival& arrival) { return store(arrival); }) {}

    /// Fails with what made an earlier entry fail.
    [[nodiscard]] Status add(
        directory::SourceEntry entry, directory::MappedEntry mapped, Time now
    ) {
        return thread_.add({std::move(entry), std::move(mapped), now});
    }
    /// Returns when the loader has everything; what follows is to be called after it.
    [[nodiscard]] Status drain() { return thread_.drain(); }
    /// Makes everything visible at once, with one journal record for all.
    [[nodiscard]] Status finish(const directory::SourceState& state);
    [[nodiscard]] bool has_named_references() const { return !user_names_.empty(); }
    /// References by user name, resolved once all users are there.
    [[nodiscard]] Status resolve_user_names(directory::Transaction& transaction) const;
    [[nodiscard]] std::uint64_t users() const { return users_; }
    [[nodiscard]] std::uint64_t groups() const { return groups_; }

  private:
    [[nodiscard]] Status store(const LoadThread::Arrival& arrival);
    [[nodiscard]] Status store_quarantined(
        const LoadThread::Arrival& arrival, const Error& error, const std::string& body,
        std::span<const directory::Loader::Reference> references
    );
    [[nodiscard]] directory::MirrorEntry bookkeeping(const LoadThread::Arrival& arrival) const;

    std::unique_ptr<directory::Loader> loader_;
    const directory::Registry& registry_;
    const std::string& source_;
    const ObjectIds& ids_;
    directory::SourceId source_id_;
    std::set<std::string> user_names_;
    std::uint64_t users_ = 0;
    std::uint64_t groups_ = 0;
    LoadThread thread_;  ///< last, because it uses the others
};

}  // namespace bascule::mirror

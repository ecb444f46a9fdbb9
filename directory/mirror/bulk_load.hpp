#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "directory/mirror/mirror_engine.hpp"

namespace bascule::mirror {

/// The first load of a source: entries go to the store's loader in the order they come.
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
          source_id_(id) {}

    [[nodiscard]] Status add(
        const directory::SourceEntry& entry, const directory::MappedEntry& mapped, Time now
    );
    /// Makes everything visible at once, with one journal record for all.
    [[nodiscard]] Status finish(const directory::SourceState& state);
    [[nodiscard]] bool has_named_references() const { return !user_names_.empty(); }
    /// References by user name, resolved once all users are there.
    [[nodiscard]] Status resolve_user_names(directory::Transaction& transaction) const;
    [[nodiscard]] std::uint64_t users() const { return users_; }
    [[nodiscard]] std::uint64_t groups() const { return groups_; }

  private:
    [[nodiscard]] Status add_quarantined(
        const directory::SourceEntry& entry, const directory::MappedEntry& mapped,
        const Error& error, const std::string& body,
        std::span<const directory::Loader::Reference> references, Time now
    );
    [[nodiscard]] directory::MirrorEntry bookkeeping(const directory::SourceEntry& entry, Time now)
        const;

    std::unique_ptr<directory::Loader> loader_;
    const directory::Registry& registry_;
    const std::string& source_;
    const ObjectIds& ids_;
    directory::SourceId source_id_;
    std::set<std::string> user_names_;
    std::uint64_t users_ = 0;
    std::uint64_t groups_ = 0;
};

}  // namespace bascule::mirror

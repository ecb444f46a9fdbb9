#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/object_difference.hpp"

namespace bascule::store {

/// A copy of a store in files of its own, to try things out on: what is written to it is found
/// again as differences, and goes with it. The store it is made from is read once, in one
/// transaction, beside its writer; its journal is not copied. Used by one thread at a time, but for
/// the store inside.
class ScratchCopy final : public ReferenceDifferences {
  public:
    /// `folder` is made, or emptied first. `unavailable`/"scratch_no_room" when the disk has too
    /// little room, `unavailable`/"stopped" when the token asks for it, otherwise as
    /// open_sqlite_store. `registry` and `clock` outlive the copy.
    [[nodiscard]] static Result<std::unique_ptr<ScratchCopy>> make(
        const std::string& database, const std::string& folder, const directory::Registry& registry,
        const directory::Clock& clock, const std::stop_token& stop
    );
    /// Removes the copy's files.
    ~ScratchCopy() override;
    ScratchCopy(const ScratchCopy&) = delete;
    ScratchCopy& operator=(const ScratchCopy&) = delete;

    [[nodiscard]] directory::Store& store() { return *store_; }
    /// `unavailable`/"scratch_no_room" when going on would take the room that the real store needs.
    [[nodiscard]] Status check_room() const;

    using Visit = std::function<Status(const ObjectDifference&)>;
    /// Every object that differs from what was copied, in the order of their ids. To be called when
    /// all is written.
    [[nodiscard]] Status each_difference(const Visit& visit);
    [[nodiscard]] Status each_reference(
        directory::EdgeKind kind, directory::Oid from, const VisitReference& visit
    ) override;
    [[nodiscard]] Result<std::vector<PartOfObject>> parts_of(directory::Oid object, Side side)
        override;

  private:
    explicit ScratchCopy(std::string folder) : folder_(std::move(folder)) {}
    [[nodiscard]] Status fill(const std::string& database, const std::stop_token& stop);
    [[nodiscard]] ObjectDifference read(const Rows& rows) const;

    std::string folder_;
    std::string path_;
    std::int64_t last_copied_ = 0;  ///< objects with a higher number are new
    std::unique_ptr<directory::Store> store_;
    std::unique_ptr<Connection> reader_;
};

/// Removes what an earlier process left of a copy. Missing folders are fine.
void remove_scratch(const std::string& folder);

}  // namespace bascule::store

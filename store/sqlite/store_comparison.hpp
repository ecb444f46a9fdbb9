#pragma once

#include <functional>
#include <memory>
#include <string>

#include "directory/ports/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/object_difference.hpp"

namespace bascule::store {

/// Compares the objects of a source in two stores that follow the same directory under different
/// rules: "before" is the first store, "after" the second. Both are read in one transaction beside
/// their writers. Used by one thread.
class StoreComparison final : public ReferenceDifferences {
  public:
    [[nodiscard]] static Result<std::unique_ptr<StoreComparison>> open(
        const std::string& first, const std::string& second
    );

    /// Attributes of the first store's object that are kept there beside what is mapped come along
    /// as a JSON object.
    using Visit = std::function<Status(const ObjectDifference&, std::string_view kept)>;
    /// Every object of the source that may differ, in the order of their ids in the first store,
    /// then those that only the second one has. Objects that are equal in both may be among them
    /// when they have references.
    [[nodiscard]] Status each_difference(const std::string& source, const Visit& visit);
    /// Of the object that is being visited.
    [[nodiscard]] Status each_reference(
        directory::EdgeKind kind, directory::Oid from, const VisitReference& visit
    ) override;
    /// Of the object that is being visited, too.
    [[nodiscard]] Result<std::vector<PartOfObject>> parts_of(directory::Oid object, Side side)
        override;

  private:
    explicit StoreComparison(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    [[nodiscard]] Status visit_rows(Rows rows, const Visit& visit);
    [[nodiscard]] Status one_side(
        std::string_view sql, directory::EdgeKind kind, bool added, const VisitReference& visit
    );

    std::unique_ptr<Connection> connection_;
    std::int64_t first_oid_ = 0;  ///< of the object that is being visited; 0: it has none
    std::int64_t second_oid_ = 0;
};

}  // namespace bascule::store

#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "directory/model/registry.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// The lasting numbers of the process's types and attributes. Immutable after open(), shared by
/// all.
class RegistryNumbers {
  public:
    /// Reads the tables, gives numbers to what is new and writes terms anew where an attribute is
    /// indexed differently than before. Runs in the caller's transaction; `registry` must outlive
    /// this.
    static RegistryNumbers open(Connection& connection, const directory::Registry& registry);

    [[nodiscard]] const directory::Registry& registry() const { return *registry_; }
    [[nodiscard]] std::int64_t number(directory::TypeId type) const {
        return types_.at(static_cast<std::size_t>(type));
    }
    /// Nothing for a type that this process does not know.
    [[nodiscard]] std::optional<directory::TypeId> type(std::int64_t number) const;
    [[nodiscard]] std::int64_t number(directory::AttributeId attribute) const {
        return attributes_.at(static_cast<std::size_t>(attribute));
    }

  private:
    struct Changes;
    explicit RegistryNumbers(const directory::Registry& registry) : registry_(&registry) {}
    void open_attribute(
        Connection& connection, directory::TypeId type, directory::AttributeId attribute,
        Changes& changes
    );

    const directory::Registry* registry_;
    std::vector<std::int64_t> types_;
    std::unordered_map<std::int64_t, directory::TypeId> known_;
    std::vector<std::int64_t> attributes_;
};

}  // namespace bascule::store

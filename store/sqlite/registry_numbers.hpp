#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "directory/model/registry.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// The lasting numbers of the process's types and attributes, shared by all. Grows by take_up(),
/// which may run beside readers.
class RegistryNumbers {
  public:
    /// Reads the tables, gives numbers to what is new and writes terms anew where an attribute is
    /// indexed differently than before. Runs in the caller's transaction, which must be undone on
    /// an error; `registry` must outlive this. `conflict`/"schema_in_use" when what was known has
    /// gone or changed its type while live objects have values for it, or became unique while
    /// values occur twice.
    [[nodiscard]] static Result<RegistryNumbers> open(
        Connection& connection, const directory::Registry& registry
    );
    RegistryNumbers(RegistryNumbers&& other) noexcept;
    RegistryNumbers& operator=(RegistryNumbers&& other) = delete;
    ~RegistryNumbers();

    /// The same for what the registry got since. One thread at a time; publish() makes it known
    /// once the transaction is committed.
    [[nodiscard]] Status take_up(Connection& connection);
    void publish();

    [[nodiscard]] const directory::Registry& registry() const { return *registry_; }
    [[nodiscard]] std::int64_t number(directory::TypeId type) const {
        return tables().types.at(static_cast<std::size_t>(type));
    }
    /// Nothing for a type that this process does not know.
    [[nodiscard]] std::optional<directory::TypeId> type(std::int64_t number) const;
    [[nodiscard]] std::int64_t number(directory::AttributeId attribute) const {
        return tables().attributes.at(static_cast<std::size_t>(attribute));
    }

  private:
    struct Tables {
        std::vector<std::int64_t> types;
        std::unordered_map<std::int64_t, directory::TypeId> known;
        std::vector<std::int64_t> attributes;
    };
    explicit RegistryNumbers(const directory::Registry& registry) : registry_(&registry) {}
    [[nodiscard]] const Tables& tables() const { return *now_.load(std::memory_order_acquire); }

    const directory::Registry* registry_;
    /// Former ones stay for who still reads them; the last may wait for publish().
    std::vector<std::unique_ptr<Tables>> editions_;
    std::atomic<const Tables*> now_{nullptr};
};

}  // namespace bascule::store

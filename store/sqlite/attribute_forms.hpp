#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "directory/model/registry.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Compares what the store knows of one type's attributes with what the registry says now, and
/// brings terms in line. Lives inside one transaction. Errors: `conflict`/"schema_in_use" where
/// values of live objects would lose their meaning.
class AttributeForms {
  public:
    AttributeForms(
        Connection& connection, const directory::Registry& registry, directory::TypeId type,
        std::int64_t type_number
    );

    /// The attribute's lasting number.
    [[nodiscard]] Result<std::int64_t> note(directory::AttributeId attribute);
    /// After all were noted: what is gone, terms anew, uniqueness.
    [[nodiscard]] Status finish();

  private:
    struct Known {
        std::int64_t number = 0;
        std::string form;
        bool seen = false;
    };

    [[nodiscard]] Status change(
        const Known& known, const std::string& path, const directory::AttributeSpec& spec,
        const std::string& form
    );
    [[nodiscard]] bool has_values(const Known& known, const std::string& path);
    [[nodiscard]] bool is_in_documents(const std::string& path);
    [[nodiscard]] Status forget();
    void write_terms();
    [[nodiscard]] Status check_unique();
    [[nodiscard]] const std::string& type_name() const { return registry_.spec(type_).name; }

    Connection& connection_;
    const directory::Registry& registry_;
    directory::TypeId type_;
    std::int64_t type_number_;
    std::unordered_map<std::string, Known> known_;                    ///< by path
    std::unordered_map<std::int64_t, directory::AttributeId> stale_;  ///< whose terms must be made
    std::vector<std::pair<std::int64_t, directory::AttributeId>> newly_unique_;
};

/// `conflict`/"schema_in_use" when a type has gone of which there are live objects.
[[nodiscard]] Status check_known_types(Connection& connection, const directory::Registry& registry);

}  // namespace bascule::store

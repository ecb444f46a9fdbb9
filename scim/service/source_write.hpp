#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/authority/authority.hpp"
#include "directory/authority/joined_parts.hpp"
#include "directory/ports/attribute_writer.hpp"
#include "directory/ports/store.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// The part of a change that the directory which masters the object must take before it is stored:
/// phone numbers. The transaction finds out that there is one and fails when everything else is
/// right; then it is written outside, and the transaction runs again with what the directory made
/// of it. Used by one thread; lives until the transaction is over.
class SourceWrite {
  public:
    /// The engine outlives it.
    explicit SourceWrite(const Engine& engine) : engine_(engine.whole()) {}

    /// The body to store. When the directory has to be written first, the wanted body, and waits()
    /// says so. `conflict`/"mutability" for numbers that are not written there, and where it is not
    /// clear which of several sources masters them.
    [[nodiscard]] Result<std::string> settle(
        const authority::Authority& authority, directory::Transaction& transaction,
        const directory::Object& before, const std::vector<authority::JoinedPart>& parts,
        const std::string& wanted
    );
    [[nodiscard]] bool waits() const { return waits_; }
    /// Writes to the directory; errors of AttributeWriter.
    [[nodiscard]] Status write(std::chrono::steady_clock::time_point deadline);
    /// Takes for granted that the directory would agree.
    void assume();
    /// What is said where several changes share a transaction.
    [[nodiscard]] Error must_be_alone() const;

  private:
    /// The entry that the numbers are written to.
    struct Holder {
        directory::SourceId source{};
        Uuid id;
        std::string dn;
        std::optional<directory::Oid> part;  ///< it is joined to the object
    };
    [[nodiscard]] Result<std::vector<Holder>> holders(
        const authority::Authority& authority, directory::Transaction& transaction,
        const directory::Object& before, const std::vector<authority::JoinedPart>& parts
    ) const;
    [[nodiscard]] Status prepare(
        const authority::Authority& authority, const directory::Object& before,
        const Holder& holder, std::string_view wanted
    );
    [[nodiscard]] Status check_types(const directory::AttributeWriter& writer) const;

    const Engine& engine_;
    bool waits_ = false;
    bool assumed_ = false;
    Uuid id_;
    std::string source_name_;
    std::string dn_;
    directory::AttributeWriter* writer_ = nullptr;
    std::string old_;  ///< phoneNumbers as they are stored
    std::vector<directory::TypedValue> before_;
    std::vector<directory::TypedValue> after_;
    std::optional<std::string> result_;  ///< phoneNumbers as the directory has them now
    std::shared_ptr<const void> claim_;
};

}  // namespace bascule::scim

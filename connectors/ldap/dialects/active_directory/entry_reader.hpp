#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dialects/active_directory/account.hpp"
#include "connectors/ldap/dialects/active_directory/controller.hpp"

namespace bascule::ldap {

/// What of the directory is read.
struct EntryScope {
    std::string base;
    std::vector<std::string> attributes;  ///< that mappings read, computed ones included
    std::uint32_t page = 1000;            ///< entries of a page
    std::size_t range = 1500;             ///< values of an attribute that are asked for at a time
    std::chrono::milliseconds patience{10'000};
};

/// Reads whole entries as mappings want them: objectGUID and objectSid as text, values that come in
/// parts completed, groups with those whose primary group they are, accounts with what follows from
/// their times. Used by one thread.
class EntryReader {
  public:
    /// References outlive it.
    EntryReader(Connection& connection, const Controller& controller, EntryScope scope);

    struct Found {
        directory::SourceEntry entry;
        AccountFacts facts;
        bool in_scope = false;  ///< at or below the base
    };
    using Take = std::function<Status(Found)>;

    /// What a complete reading came to.
    struct Total {
        std::size_t entries = 0;
        std::size_t references = 0;  ///< to other servers: not everything was read
    };
    /// Everything at and below `top`, groups last. `base_missing`, `directory_limit`, …
    [[nodiscard]] Result<Total> read_tree(const std::string& top, const Take& take);
    /// These entries, wherever they stand; who is gone is left out.
    [[nodiscard]] Status read_these(const std::vector<Uuid>& anchors, const Take& take);
    /// Every group at and below the base.
    [[nodiscard]] Status read_groups(const Take& take);
    /// The group that a primaryGroupID names.
    [[nodiscard]] Status read_primary_group(std::uint32_t relative, const Take& take);
    /// The number under which a group of the domain may be a primary group; nothing for others.
    [[nodiscard]] Result<std::optional<std::uint32_t>> relative_id_of(const Uuid& group);
    /// Whether it is the primary group of anybody at or below the base.
    [[nodiscard]] Result<bool> is_primary_group(std::uint32_t relative);
    /// Entries at and below the base that a filter finds, with the attributes asked for.
    [[nodiscard]] Result<Total> list(
        const std::string& filter, std::vector<std::string> attributes, const TakeEntry& take
    );

    [[nodiscard]] const EntryScope& scope() const { return scope_; }
    /// What a DirSync search asks for: changes of other attributes do not matter.
    [[nodiscard]] std::vector<std::string> followed_attributes() const;

  private:
    [[nodiscard]] SearchRequest request(std::string base, std::string filter) const;
    void translate(directory::SourceEntry& entry, const Uuid& anchor) const;
    [[nodiscard]] Status hand_over(directory::SourceEntry entry, const Take& take);
    [[nodiscard]] Status add_primary_members(directory::SourceEntry& entry);
    [[nodiscard]] Result<SearchEnd> search(
        const SearchRequest& request, const TakeEntry& take, bool paged
    );
    [[nodiscard]] bool wants(std::string_view attribute) const;

    Connection& connection_;
    const Controller& controller_;
    EntryScope scope_;
    std::string base_key_;
    std::vector<std::string> attributes_;  ///< of a request
};

/// objectGUID of an entry. Nothing when the account may not read it, as that of some objects of the
/// system: then the entry is as good as invisible.
[[nodiscard]] std::optional<Uuid> anchor_of(const directory::SourceEntry& entry);

}  // namespace bascule::ldap

#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/side_connection.hpp"
#include "connectors/ldap/sync_dialect.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// Finds and reads what came into the scope together with a container.
///
/// A provider announces a container that was moved into the search base by one "add" of the
/// container: what stands below it did not change and is not sent (RFC 4533 leaves it to the
/// client). It is read by a plain search on a connection of its own to the same server. Memory is
/// bounded by the largest message; a stop request ends it. Used by one thread.
class MovedSubtree {
  public:
    using Take = std::function<Status(directory::SourceEntry)>;

    /// `side` reaches the server of the stream; `scope` is the synchronisation search. `side` and
    /// `dialect` outlive it.
    MovedSubtree(SideConnection& side, SearchRequest scope, const SyncDialect& dialect);

    /// What the synchronisation search must ask for: the scope's attributes and those by which
    /// take_signs() judges.
    [[nodiscard]] static SearchRequest with_signs(SearchRequest scope);
    /// Whether an added entry may have brought others with it: it has some below it. When the
    /// server does not say so: it was changed after the second of its creation. Removes the
    /// attributes that with_signs() added.
    [[nodiscard]] bool take_signs(directory::SourceEntry& entry) const;

    /// Hands over every entry below `top`, wherever it stands by now; nothing when it has left the
    /// scope, because the stream tells of that.
    [[nodiscard]] Status read(const directory::SourceEntry& top, const Take& take);

  private:
    [[nodiscard]] std::string take_sign(directory::SourceEntry& entry, std::string_view name) const;
    [[nodiscard]] Status read_below(const std::string& dn, const Uuid& top, const Take& take);
    [[nodiscard]] Result<std::optional<std::string>> current_dn(const Uuid& anchor);

    SideConnection& side_;
    SearchRequest scope_;
    const SyncDialect& dialect_;
};

}  // namespace bascule::ldap

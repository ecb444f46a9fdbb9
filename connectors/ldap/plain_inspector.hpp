#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/entry_inspector.hpp"

namespace bascule::ldap {

struct InspectorOptions {
    ConnectionOptions connection;
    std::string base;
    std::vector<std::string> attributes;  ///< that mappings read
    /// What names an entry for ever; "dn": nothing but its name. Empty: the first usual one that
    /// the base entry has.
    std::string anchor_attribute = "entryUUID";
    std::string (*anchor_text)(const Uuid&) = nullptr;  ///< in a filter; null: its raw bytes
    std::string stamp_attribute = "entryCSN";
    std::string second_stamp = {};  ///< of entries without the first; may be empty
    /// Entries of a page of a listing, where the server offers pages; 0: no pages.
    std::uint32_t page_size = 0;
};

/// The attribute that names the entries of this directory for ever: the first of entryUUID,
/// nsUniqueId, ibm-entryUuid, GUID and objectGUID that the base entry has. Empty when it has none.
[[nodiscard]] Result<std::string> usual_anchor(
    Connection& connection, const std::string& base, Deadline deadline
);

/// Looks at servers whose entries say everything about themselves: OpenLDAP, 389 DS and generic
/// ones. Thread-safe.
class PlainInspector final : public directory::EntryInspector {
  public:
    /// `work` outlives it.
    PlainInspector(WorkConnection& work, InspectorOptions options)
        : work_(work), options_(std::move(options)) {}

    [[nodiscard]] Result<directory::Inspection> look_at(
        const std::string& dn, Deadline deadline, std::stop_token stop
    ) override;
    [[nodiscard]] Result<directory::Inspection> look_for(
        const Uuid& anchor, Deadline deadline, std::stop_token stop
    ) override;
    [[nodiscard]] Result<Listing> list(
        const std::function<Status(Listed)>& take, std::stop_token stop
    ) override;

  private:
    [[nodiscard]] Result<std::string> anchor_attribute(Connection& connection, Deadline deadline)
        const;
    /// Fills anchor, key and stamp; false when the anchor is not there.
    [[nodiscard]] bool complete(directory::SourceEntry& entry, std::string_view anchor) const;
    [[nodiscard]] Result<directory::Inspection> read(
        Connection& connection, SearchRequest request, const std::string& anchor, Deadline deadline
    ) const;

    WorkConnection& work_;
    InspectorOptions options_;
};

}  // namespace bascule::ldap

#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/entry_inspector.hpp"

namespace bascule::ldap {

/// Looks at Active Directory and Samba: entries come as the DirSync feed delivers them, with all
/// parts of long attributes, members by primary group and what follows from the time. The stamp is
/// whenChanged. Thread-safe.
class DomainInspector final : public directory::EntryInspector {
  public:
    /// `work` outlives it; `attributes` are those that mappings read.
    DomainInspector(WorkConnection& work, std::string base, std::vector<std::string> attributes)
        : work_(work), base_(std::move(base)), attributes_(std::move(attributes)) {}

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
    [[nodiscard]] Result<directory::Inspection> read(
        Connection& connection, const Uuid& anchor, Deadline deadline
    ) const;

    WorkConnection& work_;
    std::string base_;
    std::vector<std::string> attributes_;
};

}  // namespace bascule::ldap

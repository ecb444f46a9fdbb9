#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/attribute_rules.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/journal.hpp"

namespace bascule::access {

/// Who is calling and with which rights, whatever way they came. Built per request by sign-in or
/// token check.
struct Caller {
    directory::Actor actor;
    /// "users:read", "users:write", "groups:read", "groups:write", "admin:read", "admin:write",
    /// "privileges:write" (roles and entitlements of users); a write scope implies the read one.
    /// Empty for a person's session.
    std::vector<std::string> scopes;
    /// Of a client whose rights end at attributes; null: all of them.
    std::shared_ptr<const AttributeRules> attributes = nullptr;
    bool narrowed = false;   ///< the scopes are fewer than the client has
    std::string profile;     ///< name of the client's profile; empty: the configured one
    std::string rate_class;  ///< name of the client's limits of requests; empty: "default"
    std::optional<Uuid> session;
    std::optional<Uuid> user;  ///< for whom a client acts at /Me
    /// Set while somebody changes his own entry: nothing else may be written then.
    std::shared_ptr<const NameRule> own_entry = nullptr;
    bool must_change_password = false;  ///< such a session may do one thing only
    std::string source_address;
    std::string request_id;
    std::string origin;  ///< for the journal: "SCIM", "My Staff", "CLI"

    [[nodiscard]] bool has_scope(std::string_view scope) const;
};

}  // namespace bascule::access

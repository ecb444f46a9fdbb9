#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/dialects/dialect.hpp"
#include "connectors/ldap/mapping/mapping.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/entry_inspector.hpp"
#include "directory/ports/feed.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// What a source's configuration says, whatever its server is.
struct SourceOptions {
    ConnectionOptions connection;
    std::string base;             ///< the subtree that is mirrored
    Mapping mapping;              ///< as configured; the dialect's defaults fill the rest
    std::string password_policy;  ///< DN of the default policy, where a dialect needs to be told
    std::chrono::milliseconds heartbeat{30'000};
    /// For servers without a change feed of their own; see PollOptions.
    struct Polling {
        std::string anchor;
        std::chrono::milliseconds interval{15'000};
        std::chrono::milliseconds overlap{300'000};
        std::chrono::milliseconds audit{3'600'000};
        std::function<std::shared_ptr<const void>(bool wait, const std::stop_token& stop)>
            begin_listing = {};
    };
    Polling polling = {};
    /// Passwords may be written by replacing userPassword where there is no Password Modify.
    bool replaces_password = false;
    /// OpenLDAP: suffix of the log that the overlay accesslog writes; empty: none is used.
    std::string change_log;
    std::vector<std::string> written_phones = {};  ///< attributes that are written back
};

/// Everything of a source that depends on its dialect.
struct DialectParts {
    std::unique_ptr<Mapper> mapper;
    std::unique_ptr<directory::Feed> feed;
    std::unique_ptr<directory::PasswordWriter> writer;
    std::unique_ptr<directory::PasswordVerifier> verifier;
    std::unique_ptr<directory::EntryInspector> inspector;
};

/// Makes the parts; connects to nothing. `work` outlives them. Errors are those of
/// Mapper::compile().
[[nodiscard]] Result<DialectParts> make_parts(
    Dialect dialect, const SourceOptions& options, WorkConnection& work,
    const directory::Registry& registry
);

/// The rules that a dialect's users and groups have without any configuration.
[[nodiscard]] const Mapping& default_mapping(Dialect dialect);

// One for each dialect, in a file of its own.
[[nodiscard]] Result<DialectParts> make_openldap_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
);
[[nodiscard]] Result<DialectParts> make_active_directory_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
);
[[nodiscard]] Result<DialectParts> make_ds389_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
);
[[nodiscard]] Result<DialectParts> make_generic_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
);

}  // namespace bascule::ldap

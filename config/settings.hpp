#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "directory/base/log.hpp"
#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/mirror/mapping_rules.hpp"

namespace bascule::config {

using Duration = std::chrono::milliseconds;

/// Where to listen. `host` is an address without brackets, or a name.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;  ///< 0 lets the system choose
};

/// A secret and where it came from. Not given when `origin` is empty.
struct SecretSetting {
    Secret value;
    std::string
        origin;  ///< YAML that names the place: "{ file: /etc/… }"; "(inline)" for inline ones
    /// Reads it anew from its place; empty for inline ones. Thread-safe.
    std::function<Result<Secret>()> read_again = {};
    [[nodiscard]] bool is_set() const { return !origin.empty(); }
};

struct ServerLimits {
    std::uint64_t body = 0;    ///< bytes
    std::uint64_t header = 0;  ///< bytes
    std::uint32_t connections = 0;
    Duration request_time{};  ///< from the first byte to the end of the body
    Duration idle_time{};
    Duration answer_time{};  ///< deadline of a handler
};

struct ServerSettings {
    HostPort listen;
    std::string public_url;                    ///< without a slash at the end
    std::string tls_certificate;               ///< path of a PEM chain; empty: plain HTTP
    SecretSetting tls_key;                     ///< PEM
    std::string tls_client_ca;                 ///< path; empty: clients show no certificate
    std::vector<std::string> trusted_proxies;  ///< addresses and networks in CIDR form
    bool compression = true;
    ServerLimits limits;
};

struct Guard {
    double deletes_percent = 0;
    std::uint32_t deletes_at_least = 0;
    double emptied_percent = 0;
    double memberships_percent = 0;
    double attribute_loss_percent = 0;
};

/// How the service account proves itself; `none`: by its DN and password.
enum class SaslMechanism { none, external, gssapi };

enum class Dialect { automatic, openldap, ds389, active_directory, generic };

struct SourceSettings {
    std::string name;
    std::vector<std::string> servers;  ///< ldap, ldaps or ldapi URLs, tried in order
    std::string ca;                    ///< path; empty: the system's
    bool start_tls = false;
    std::string srv;               ///< domain whose SRV records name the servers; empty: `servers`
    std::vector<std::string> dns;  ///< addresses of DNS servers; empty: the machine's
    std::string bind_dn;           ///< empty: anonymous, unless `bind_sasl`
    SecretSetting bind_password;
    SaslMechanism bind_sasl = SaslMechanism::none;
    std::string bind_certificate;  ///< path of a PEM chain; empty: none is shown
    std::string bind_key;          ///< path
    std::string bind_keytab;       ///< path; empty: the process's ticket cache
    std::string bind_principal;
    std::string base;
    std::vector<std::string> bases;       ///< DNs below base; empty: all of it
    std::vector<std::string> exclude;     ///< DNs below base
    std::string users_base;               ///< empty: anywhere
    std::string groups_base;              ///< empty: anywhere
    std::vector<std::string> join_users;  ///< attributes to join users by; empty: they are not
    Dialect dialect = Dialect::automatic;
    mirror::KindMapping users;  ///< empty parts take the dialect's defaults
    mirror::KindMapping groups;
    Guard guard;
    bool write_back_password = false;
    bool write_back_unlock = false;
    std::string password_policy;
    std::uint64_t message_limit = 0;  ///< bytes
    Duration connect_timeout{};
    Duration operation_timeout{};
    Duration heartbeat{};
    Duration silence{};
    std::string anchor;  ///< of the generic dialect; empty: the server is asked
    Duration poll_interval{};
    Duration poll_overlap{};
    Duration poll_audit{};
    bool write_back_replaces_password = false;
    std::vector<std::string> write_back_phone;  ///< LDAP attributes
    std::string change_log;   ///< OpenLDAP: suffix of the database that slapo-accesslog writes
    std::string audit_at;     ///< "HH:MM" local time, or "off"
    Duration audit_every{};   ///< 0: by audit_at only
    std::string record_path;  ///< empty: nothing is recorded
    std::uint64_t record_size = 0;  ///< bytes
};

/// A schema that a resource type has beside its own. Lines and columns are those of the file.
struct ExtensionSetting {
    std::string schema;  ///< URN
    bool required = false;
    int line = 0;
    int column = 0;
};

/// A resource type of the operator.
struct ResourceTypeSetting {
    std::string name;
    std::string endpoint;
    std::string schema;  ///< URN
    std::string description;
    std::vector<ExtensionSetting> extensions;
    int line = 0;
    int column = 0;
};

/// Extensions of a resource type that there is.
struct TypeExtensionsSetting {
    std::string type;
    std::vector<ExtensionSetting> extensions;
};

enum class StaffAccess { all, selected, none };

struct SignInSettings {
    bool directory = true;
    Duration session_idle{};
    Duration session_absolute{};
    std::uint32_t throttle_account = 0;  ///< failures of one account in a window
    std::uint32_t throttle_address = 0;  ///< failures from one address in a window
    Duration throttle_window{};
};

/// Limits of requests for the clients that name it.
struct RateClassSettings {
    std::string name;
    std::uint32_t reads = 0;   ///< per second; 0: no limit
    std::uint32_t writes = 0;  ///< per second; 0: no limit
    Duration burst{};
};

/// Somebody else whose signed tokens clients may show.
struct IssuerSettings {
    std::string name;
    std::string issuer;
    std::string audience;
    std::string keys_url;   ///< empty: keys_file
    std::string keys_file;  ///< empty: keys_url
    std::string ca;         ///< path; empty: the system's
    std::vector<std::string> algorithms;
    std::string client_claim;
    std::string user_claim;  ///< empty: tokens act for nobody
    Duration refresh{};
    Duration retry{};
};

/// How programs prove who they are.
struct SignOnSettings {
    Duration token_lifetime{};
    std::vector<IssuerSettings> issuers;
};

/// A client profile of SCIM as the file has it, unchecked.
struct ProfileSetting {
    struct Switch {
        std::string name;
        std::string value;
        Position position;
    };
    std::string name;
    std::string base;  ///< empty: the profile of this name, else "lenient"
    std::vector<Switch> switches;
    Position position;
};

enum class LogFormat { automatic, text, json, journal };

/// Everything an operator can set, checked and complete: absent keys have their defaults.
/// Move-only, because it holds secrets; immutable once loaded.
struct Settings {
    ServerSettings server;
    HostPort management_listen;
    std::string admin_socket;
    std::string sqlite_path;
    Duration retain_deleted{};
    std::vector<SourceSettings> sources;
    SignInSettings sign_in;
    StaffAccess staff_access = StaffAccess::all;
    std::vector<std::string> staff_groups;    ///< display names
    std::vector<std::string> own_attributes;  ///< what people may change of themselves
    std::uint32_t scim_max_results = 0;
    std::uint32_t scim_default_page = 0;
    std::vector<std::string> scim_schemas;  ///< paths of files
    std::vector<ResourceTypeSetting> scim_resource_types;
    std::vector<TypeExtensionsSetting> scim_extensions;
    std::uint32_t scim_search_limit = 0;
    Duration scim_cursor_timeout{};
    std::vector<RateClassSettings> rate_classes;
    SignOnSettings sign_on;
    std::string scim_default_profile;
    std::vector<ProfileSetting> scim_profiles;
    std::uint32_t scim_bulk_operations = 0;
    std::uint64_t scim_bulk_payload = 0;
    Duration audit_retain{};
    std::vector<std::string> events_receivers;  ///< hosts to which clients may have events pushed
    std::string events_signing_key;             ///< path; empty: beside the database
    LogFormat log_format = LogFormat::automatic;
    log::Level log_level = log::Level::info;
};

}  // namespace bascule::config

#include "config/options.hpp"

#include "config/option_table.hpp"

namespace bascule::config {
namespace {

using table::choice;
using table::option;
using table::Words;

std::vector<Option> server_options() {
    using S = Settings;
    return {
        option<S>(
            "server.listen", Kind::address, BASCULE_FIELD(server.listen),
            {.default_value = "\"127.0.0.1:8080\"",
             .help =
                 "Address and port of SCIM and self-service; other than loopback needs server.tls.",
             .apply = Apply::restart}
        ),
        option<S>(
            "server.public_url", Kind::url, BASCULE_FIELD(server.public_url),
            {.help = "How clients reach this server; all links are made from it, never from a Host "
                     "header.",
             .example = "https://id.example.com",
             .required = true,
             .choices = {"https", "http"}}
        ),
        option<S>(
            "server.tls.certificate", Kind::path, BASCULE_FIELD(server.tls_certificate),
            {.help = "PEM file with the certificate and its chain. A reload takes up another one; "
                     "turning TLS on or off needs a restart.",
             .example = "/etc/bascule/tls/cert.pem"}
        ),
        option<S>(
            "server.tls.key", Kind::secret, BASCULE_FIELD(server.tls_key),
            {.help = "The certificate's private key in PEM.",
             .example = "{ file: /etc/bascule/tls/key.pem }"}
        ),
        option<S>(
            "server.tls.client_ca", Kind::path, BASCULE_FIELD(server.tls_client_ca),
            {.help = "PEM file with the authorities that sign clients' certificates. Clients may "
                     "then sign on with one; who shows none needs a token as before.",
             .example = "/etc/bascule/tls/clients-ca.pem"}
        ),
        option<S>(
            "server.trusted_proxies", Kind::network_list, BASCULE_FIELD(server.trusted_proxies),
            {.default_value = "[]",
             .help = "Addresses and networks of proxies whose X-Forwarded-For and "
                     "X-Forwarded-Proto count.",
             .apply = Apply::restart}
        ),
        option<S>(
            "server.compression", Kind::flag, BASCULE_FIELD(server.compression),
            {.default_value = "true",
             .help =
                 "Long SCIM answers are sent compressed (gzip) to clients that take it. Answers "
                 "that hold secrets never are.",
             .apply = Apply::restart}
        ),
        option<S>(
            "server.limits.body", Kind::size, BASCULE_FIELD(server.limits.body),
            {.default_value = "1MiB",
             .help = "Largest request body.",
             .apply = Apply::restart,
             .minimum = 1024,
             .maximum = 1ULL << 30}
        ),
        option<S>(
            "server.limits.header", Kind::size, BASCULE_FIELD(server.limits.header),
            {.default_value = "16KiB",
             .help = "Largest request header.",
             .apply = Apply::restart,
             .minimum = 1024,
             .maximum = 1ULL << 20}
        ),
        option<S>(
            "server.limits.connections", Kind::count, BASCULE_FIELD(server.limits.connections),
            {.default_value = "4096",
             .help = "Most connections at a time; more wait.",
             .apply = Apply::restart,
             .minimum = 1,
             .maximum = 1'000'000}
        ),
        option<S>(
            "server.limits.request_time", Kind::duration, BASCULE_FIELD(server.limits.request_time),
            {.default_value = "30s",
             .help = "Time a client has to send a request.",
             .apply = Apply::restart,
             .minimum = 100,
             .maximum = 3'600'000}
        ),
        option<S>(
            "server.limits.idle_time", Kind::duration, BASCULE_FIELD(server.limits.idle_time),
            {.default_value = "1m",
             .help = "A connection without a request is closed after this time.",
             .apply = Apply::restart,
             .minimum = 100,
             .maximum = 86'400'000}
        ),
        option<S>(
            "server.limits.answer_time", Kind::duration, BASCULE_FIELD(server.limits.answer_time),
            {.default_value = "10s",
             .help = "Time that answering a request may take, directories included.",
             .apply = Apply::restart,
             .minimum = 100,
             .maximum = 600'000}
        ),
        option<S>(
            "management.listen", Kind::address, BASCULE_FIELD(management_listen),
            {.default_value = "\"127.0.0.1:9410\"",
             .help = "Address and port of /livez, /readyz, /startupz and /metrics; keep it off "
                     "public networks.",
             .apply = Apply::restart}
        ),
        option<S>(
            "admin.socket", Kind::path, BASCULE_FIELD(admin_socket),
            {.default_value = "/run/bascule/admin.sock",
             .help = "Unix socket through which the command line talks to the service.",
             .apply = Apply::restart}
        ),
        option<S>(
            "store.sqlite.path", Kind::path, BASCULE_FIELD(sqlite_path),
            {.default_value = "/var/lib/bascule/bascule.db",
             .help = "The database file.",
             .apply = Apply::restart}
        ),
        option<S>(
            "store.retain_deleted", Kind::duration, BASCULE_FIELD(retain_deleted),
            {.default_value = "30d",
             .help = "How long a deleted object can be restored.",
             .minimum = 60'000}
        ),
    };
}

std::vector<Option> service_options() {
    using S = Settings;
    return {
        option<S>(
            "sign_in.directory", Kind::flag, BASCULE_FIELD(sign_in.directory),
            {.default_value = "true", .help = "People sign in with their directory password."}
        ),
        option<S>(
            "sign_in.session.idle", Kind::duration, BASCULE_FIELD(sign_in.session_idle),
            {.default_value = "30m",
             .help = "A session ends after this time without a request.",
             .minimum = 60'000}
        ),
        option<S>(
            "sign_in.session.absolute", Kind::duration, BASCULE_FIELD(sign_in.session_absolute),
            {.default_value = "12h",
             .help = "A session ends after this time in any case.",
             .minimum = 60'000}
        ),
        option<S>(
            "sign_in.throttle.account", Kind::count, BASCULE_FIELD(sign_in.throttle_account),
            {.default_value = "5",
             .help = "Failures of one account in a window before it must wait; always kept below "
                     "the directory's own lockout.",
             .minimum = 1,
             .maximum = 1000}
        ),
        option<S>(
            "sign_in.throttle.address", Kind::count, BASCULE_FIELD(sign_in.throttle_address),
            {.default_value = "50",
             .help = "Failures from one address in a window before it must wait.",
             .minimum = 1,
             .maximum = 1'000'000}
        ),
        option<S>(
            "sign_in.throttle.window", Kind::duration, BASCULE_FIELD(sign_in.throttle_window),
            {.default_value = "15m",
             .help = "The window in which failures are counted.",
             .minimum = 1000,
             .maximum = 86'400'000}
        ),
        choice<S>(
            "self_service.staff.access",
            Words<StaffAccess, 3>{
                {{"all", StaffAccess::all},
                 {"selected", StaffAccess::selected},
                 {"none", StaffAccess::none}}},
            BASCULE_FIELD(staff_access),
            {.default_value = "all",
             .help = "Who of those with a role may manage their staff: all, members of selected "
                     "groups, none."}
        ),
        option<S>(
            "self_service.staff.groups", Kind::text_list, BASCULE_FIELD(staff_groups),
            {.default_value = "[]",
             .help = "The groups meant by access: selected, by display name."}
        ),
        option<S>(
            "self_service.account.attributes", Kind::text_list, BASCULE_FIELD(own_attributes),
            {.default_value = "[nickName, profileUrl, preferredLanguage, locale, timezone, photos]",
             .help = "What people change of their own entry, through /Me; never a password."}
        ),
        option<S>(
            "scim.max_results", Kind::count, BASCULE_FIELD(scim_max_results),
            {.default_value = "1000",
             .help = "Most resources in one answer.",
             .minimum = 1,
             .maximum = 100'000}
        ),
        option<S>(
            "scim.default_page", Kind::count, BASCULE_FIELD(scim_default_page),
            {.default_value = "100",
             .help = "Resources in one answer when the client names no count.",
             .minimum = 1,
             .maximum = 100'000}
        ),
    };
}

std::vector<Option> record_options() {
    using S = Settings;
    return {
        option<S>(
            "sign_on.token_lifetime", Kind::duration, BASCULE_FIELD(sign_on.token_lifetime),
            {.default_value = "1h",
             .help = "How long an access token of /oauth2/token is valid.",
             .minimum = 1000,
             .maximum = 86'400'000}
        ),
        option<S>(
            "scim.schemas", Kind::path_list, BASCULE_FIELD(scim_schemas),
            {.default_value = "[]",
             .help = "Files with schemas of your own, in the JSON of RFC 7643 section 7; see "
                     "docs/schemas.md.",
             .example = "[/etc/bascule/schemas/badge.json]"}
        ),
        option<S>(
            "scim.resource_types", Kind::resource_types, BASCULE_FIELD(scim_resource_types),
            {.default_value = "[]",
             .help = "Resource types made of those schemas.",
             .example = "[{ name: Badge, endpoint: /Badges, schema: "
                        "\"urn:example:params:scim:schemas:core:2.0:Badge\" }]"}
        ),
        option<S>(
            "scim.extensions", Kind::type_extensions, BASCULE_FIELD(scim_extensions),
            {.default_value = "{}",
             .help = "Schemas that extend resource types there are.",
             .example = "{ User: [\"urn:example:params:scim:schemas:extension:2.0:Badge\"] }"}
        ),
        option<S>(
            "scim.cursor_time", Kind::duration, BASCULE_FIELD(scim_cursor_timeout),
            {.default_value = "1h",
             .help = "How long a client may wait between two pages of a list that it reads by "
                     "cursor.",
             .minimum = 1000,
             .maximum = 604'800'000}
        ),
        option<S>(
            "scim.search_limit", Kind::count, BASCULE_FIELD(scim_search_limit),
            {.default_value = "250000",
             .help = "Most resources that one list may look at one by one because no index serves "
                     "its filter or order; beyond it the client gets 400 tooMany.",
             .minimum = 1000,
             .maximum = 1'000'000'000}
        ),
        option<S>(
            "scim.default_profile", Kind::name, BASCULE_FIELD(scim_default_profile),
            {.help =
                 "The client profile of tokens that name none; without it lenient. docs/scim.md "
                 "lists what each does.",
             .example = "strict"}
        ),
        option<S>(
            "scim.profiles", Kind::profiles, BASCULE_FIELD(scim_profiles),
            {.help = "More client profiles, or other switches in those there are. A new one "
                     "starts as a copy of its base.",
             .example = "{ hr: { base: strict, unknown_path: accept } }"}
        ),
        option<S>(
            "scim.bulk.max_operations", Kind::count, BASCULE_FIELD(scim_bulk_operations),
            {.default_value = "2000",
             .help = "Most operations in one bulk request; some clients take it as the size of a "
                     "PATCH too.",
             .minimum = 1,
             .maximum = 100'000}
        ),
        option<S>(
            "scim.bulk.max_payload", Kind::size, BASCULE_FIELD(scim_bulk_payload),
            {.default_value = "16MiB",
             .help = "Longest body of a bulk request.",
             .minimum = 1024,
             .maximum = 64 * 1024 * 1024}
        ),
        option<S>(
            "audit.retain", Kind::duration, BASCULE_FIELD(audit_retain),
            {.default_value = "2y",
             .help = "How long audit records are kept.",
             .minimum = 86'400'000}
        ),
        option<S>(
            "events.signing_key", Kind::path, BASCULE_FIELD(events_signing_key),
            {.help = "PEM file with the private key that signs security event tokens: P-256 or "
                     "RSA. Made at first start when missing; without it, events-key.pem beside "
                     "the database.",
             .example = "/var/lib/bascule/events-key.pem"}
        ),
        option<S>(
            "events.receivers", Kind::text_list, BASCULE_FIELD(events_receivers),
            {.default_value = "[]",
             .help = "Hosts to which clients may have events pushed by streams that they make "
                     "themselves; \"*.example.com\" for all below a domain. Without any they poll.",
             .example = "[signals.example.com]"}
        ),
        choice<S>(
            "log.format",
            Words<LogFormat, 4>{
                {{"auto", LogFormat::automatic},
                 {"text", LogFormat::text},
                 {"json", LogFormat::json},
                 {"journal", LogFormat::journal}}},
            BASCULE_FIELD(log_format),
            {.default_value = "auto",
             .help = "Form of the log; auto is journal when the system's journal reads it, else "
                     "text.",
             .apply = Apply::restart}
        ),
        choice<S>(
            "log.level",
            Words<log::Level, 4>{
                {{"debug", log::Level::debug},
                 {"info", log::Level::info},
                 {"warning", log::Level::warning},
                 {"error", log::Level::error}}},
            BASCULE_FIELD(log_level),
            {.default_value = "info", .help = "Least important events that are logged."}
        ),
    };
}

}  // namespace

const std::vector<Option>& options() {
    static const std::vector<Option> all = [] {
        std::vector<Option> made = server_options();
        for (auto& part :
             {table::source_options(), service_options(), table::rate_class_options(),
              record_options(), table::issuer_options()}) {
            made.insert(made.end(), part.begin(), part.end());
        }
        return made;
    }();
    return all;
}

}  // namespace bascule::config

#include "connectors/ldap/connection.hpp"

#include <fmt/format.h>
#include <ldap.h>
#include <openldap.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/library.hpp"
#include "connectors/ldap/material.hpp"
#include "connectors/ldap/peer_certificate.hpp"
#include "connectors/ldap/service_bind.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::steady_clock;

// Long enough to cost nothing, short enough to notice a stop whose wake-up was lost.
constexpr std::chrono::milliseconds longest_wait{250};
constexpr ber_len_t least_encryption = 112;
constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

timeval to_timeval(std::chrono::microseconds duration) {
    const auto count = std::max<std::int64_t>(duration.count(), 0);
    return {count / 1'000'000, count % 1'000'000};
}

Error stopped_error() {
    return Error{ErrorKind::unavailable, "stopped", "The service is shutting down.", {}, {}, {}};
}

void set_int(LDAP* handle, int option, int value) {
    ldap_set_option(handle, option, &value);
}

void set_common_options(LDAP* handle, const ConnectionOptions& options) {
    set_int(handle, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3);
    ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    ldap_set_option(handle, LDAP_OPT_RESTART, LDAP_OPT_ON);
    ldap_set_option(handle, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON);
    ldap_set_option(handle, LDAP_OPT_KEEPCONN, LDAP_OPT_ON);
    const auto network = to_timeval(options.network_timeout);
    ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &network);
    const auto operation = to_timeval(options.operation_timeout);
    ldap_set_option(handle, LDAP_OPT_TIMEOUT, &operation);
}

/// The new context must come last: it takes what was set before.
void set_tls_options(LDAP* handle, const ConnectionOptions& options) {
    const char* authorities =
        options.ca_file.empty() ? system_authorities : options.ca_file.c_str();
    ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, authorities);
    if (!options.certificate_file.empty()) {
        ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE, options.certificate_file.c_str());
        ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE, options.key_file.c_str());
    }
    set_int(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND);
    set_int(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2);
    set_int(handle, LDAP_OPT_X_TLS_NEWCTX, 0);
}

Error tls_error(LDAP* handle, std::string_view server) {
    const std::string reason = handle_diagnostic(handle);
    return Error{
        ErrorKind::unavailable,
        "directory_tls",
        fmt::format(
            "The encrypted connection to the directory server {} could not be made{}{}. Its "
            "certificate must be signed by an authority of sources[].ca, be in date, and hold the "
            "name that the URL in sources[].servers has; in place of localhost it must hold this "
            "machine's own name.",
            server, reason.empty() ? "" : ": ", reason
        ),
        {},
        fmt::format("{}: {}", server, reason),
        {}};
}

}  // namespace

struct Connection::State {
    LDAP* handle = nullptr;
    std::string server;
    std::string material;
    std::shared_ptr<Reachability> reach;
    std::unique_ptr<Wire> wire;
    std::stop_token stop;
    bool broken = false;
    bool unix_socket = false;
    /// Last, so that it is gone before the wire.
    std::unique_ptr<std::stop_callback<std::function<void()>>> wake;

    void obey(std::stop_token token) {
        wake.reset();
        stop = std::move(token);
        wake = std::make_unique<std::stop_callback<std::function<void()>>>(
            stop, [end = wire.get()] { end->shut(); }
        );
    }

    ~State() {
        wake.reset();
        if (handle != nullptr) {
            ldap_unbind_ext(handle, nullptr, nullptr);
        }
    }
};

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

const std::stop_token& Connection::stop_request() const {
    return state_->stop;
}
void Connection::obey(std::stop_token stop) {
    state_->obey(std::move(stop));
}
LDAP* Connection::handle() const {
    return state_->handle;
}
const std::string& Connection::server() const {
    return state_->server;
}
const std::string& Connection::material() const {
    return state_->material;
}
const Wire& Connection::wire() const {
    return *state_->wire;
}
bool Connection::alive() const {
    return !state_->broken && !state_->wire->stale();
}

bool Connection::encrypted() const {
    ber_len_t strength = 0;
    ldap_get_option(state_->handle, LDAP_OPT_X_SASL_SSF, &strength);
    return ldap_tls_inplace(state_->handle) != 0 || strength >= least_encryption;
}

bool Connection::confidential() const {
    return encrypted() || state_->wire->local();
}

Error Connection::broken(int code, std::string_view doing) {
    state_->broken = true;
    if (state_->stop.stop_requested()) {
        return stopped_error();
    }
    return error_from_handle(state_->handle, code, fmt::format("{} at {}", doing, state_->server));
}

Error Connection::message_too_large() {
    state_->broken = true;
    return Error{
        ErrorKind::too_large,
        "directory_message",
        "The directory server sent an entry that is larger than sources[].limits.message allows. "
        "Raise the limit, or exclude the entry by a filter or by sources[].exclude.",
        {},
        "waiting for an answer at " + state_->server,
        {}};
}

namespace {

/// Whether another server may do what this one did not.
bool is_of_the_server(const Error& error) {
    return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timeout ||
           error.code == "provider_behind";
}

}  // namespace

Result<Connection> Connection::open(
    const ConnectionOptions& options, Deadline deadline, std::stop_token stop
) {
    return open_first(options, deadline, stop, {});
}

Result<Connection> Connection::open_first(
    const ConnectionOptions& options, Deadline deadline, const std::stop_token& stop,
    const Suits& prepare
) {
    initialise_library();
    BASCULE_TRY(auto candidates, options.candidates(deadline, stop));
    Error last{ErrorKind::invalid_input,
               "invalid_server",
               "No directory server is configured.",
               {},
               {},
               {}};
    const auto servers = options.reach->order(std::move(candidates), options.loyalty);
    for (const auto& server : servers) {
        if (stop.stop_requested()) {
            return fail(stopped_error());
        }
        const auto until = std::min(deadline, steady_clock::now() + options.network_timeout);
        auto connection = open_one(server, options, until, stop);
        Status ready = connection ? Status() : fail(connection.error());
        if (ready && prepare) {
            // Others are tried after this one, and want their share of the time.
            const auto patience =
                servers.size() > 1 ? options.network_timeout : options.operation_timeout;
            ready = prepare(*connection, std::min(deadline, steady_clock::now() + patience));
        }
        if (ready) {
            options.reach->succeeded(server);
            return connection;
        }
        if (stop.stop_requested() || !is_of_the_server(ready.error())) {
            return fail(std::move(ready).error());
        }
        last = std::move(ready).error();
        options.reach->failed(server);
        log::debug(
            "directory_server_skipped", "A directory server could not be used.",
            {{"server", server}, {"error", last.code}, {"context", last.context}}
        );
    }
    return fail(std::move(last));
}

Result<Connection> Connection::open_one(
    const std::string& server, const ConnectionOptions& options, Deadline deadline,
    const std::stop_token& stop
) {
    BASCULE_TRY(const auto endpoint, parse_endpoint(server));
    BASCULE_TRY(const int descriptor, connect_socket(endpoint, options, deadline, stop));
    auto state = std::make_unique<State>();
    state->server = server;
    // Before anything of it is read: what changes meanwhile is then seen to differ.
    state->material = material_of(options);
    state->reach = options.reach;
    state->wire = std::make_unique<Wire>(descriptor);
    const int protocol = endpoint.scheme == "ldapi" ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
    const int code = ldap_init_fd(descriptor, protocol, server.c_str(), &state->handle);
    if (code != LDAP_SUCCESS) {
        ::close(descriptor);
        return fail(error_from_result(code, {}, "preparing a connection to " + server));
    }
    state->obey(stop);
    set_common_options(state->handle, options);
    void* buffer = nullptr;
    ldap_get_option(state->handle, LDAP_OPT_SOCKBUF, &buffer);
    ber_len_t maximum = options.maximum_message;
    ber_sockbuf_ctrl(static_cast<Sockbuf*>(buffer), LBER_SB_OPT_SET_MAX_INCOMING, &maximum);
    Connection connection(std::move(state));
    BASCULE_CHECK(connection.secure(options, endpoint, deadline));
    return connection;
}

Status Connection::secure(
    const ConnectionOptions& options, const Endpoint& endpoint, Deadline deadline
) {
    if (endpoint.scheme != "ldaps" && !options.start_tls) {
        return {};
    }
    set_tls_options(state_->handle, options);
    if (endpoint.scheme != "ldaps") {
        BASCULE_CHECK(start_tls(deadline));
    }
    const Watchdog watchdog(*state_->wire, deadline);
    const int code = ldap_install_tls(state_->handle);
    if (code == LDAP_SUCCESS) {
        if (const auto end = peer_certificate_end(state_->handle)) {
            options.reach->certificate_ends(state_->server, *end);
        }
        return {};
    }
    if (state_->stop.stop_requested()) {
        return fail(stopped_error());
    }
    if (code == LDAP_TIMEOUT || steady_clock::now() >= deadline) {
        return fail(broken(LDAP_TIMEOUT, "TLS handshake"));
    }
    return fail(tls_error(state_->handle, state_->server));
}

Status Connection::start_tls(Deadline deadline) {
    int id = 0;
    const int code = ldap_start_tls(state_->handle, nullptr, nullptr, &id);
    BASCULE_TRY(id, started(code, id, "StartTLS"));
    BASCULE_TRY(const auto outcome, finish(id, deadline));
    if (!outcome.success()) {
        return fail(
            error_from_result(outcome.code, outcome.diagnostic, "StartTLS at " + state_->server)
        );
    }
    return {};
}

Result<Connection> Connection::open_bound(
    const ConnectionOptions& options, Deadline deadline, std::stop_token stop, const Suits& suits
) {
    BASCULE_CHECK(may_bind_service(options));
    return open_first(
        options, deadline, stop,
        [&](Connection& connection, Deadline until) -> Status {
            BASCULE_CHECK(bind_service(connection, options, until));
            return suits ? suits(connection, until) : Status();
        }
    );
}

Result<int> Connection::started(int code, int id, std::string_view doing) {
    if (code != LDAP_SUCCESS) {
        if (code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR) {
            return fail(broken(code, doing));
        }
        return fail(error_from_handle(state_->handle, code, doing));
    }
    return id;
}

Result<Message> Connection::next_message(int id, Deadline until) {
    while (true) {
        if (state_->stop.stop_requested()) {
            return fail(broken(LDAP_SERVER_DOWN, "waiting"));
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::microseconds>(until - steady_clock::now());
        auto wait = to_timeval(std::min<std::chrono::microseconds>(left, longest_wait));
        LDAPMessage* raw = nullptr;
        errno = 0;
        const int type = ldap_result(state_->handle, id, LDAP_MSG_ONE, &wait, &raw);
        if (type > 0) {
            state_->wire->note_heard();
            return Message(raw, ldap_msgfree);
        }
        if (type < 0 && errno == ERANGE) {
            return fail(message_too_large());
        }
        if (type < 0) {
            int code = LDAP_SERVER_DOWN;
            ldap_get_option(state_->handle, LDAP_OPT_RESULT_CODE, &code);
            return fail(broken(code, "waiting for an answer"));
        }
        if (steady_clock::now() >= until) {
            return Message();
        }
    }
}

Result<Outcome> Connection::finish(int id, Deadline deadline) {
    BASCULE_TRY(const auto message, next_message(id, deadline));
    if (!message) {
        ldap_abandon_ext(state_->handle, id, nullptr, nullptr);
        // The answer may still come; what it would belong to is no longer known.
        return fail(broken(LDAP_TIMEOUT, "waiting for an answer"));
    }
    return outcome_of(message.get());
}

void Connection::count_referral() {
    state_->reach->count_referral();
}

Result<Outcome> Connection::outcome_of(LDAPMessage* message) {
    Outcome outcome;
    char* text = nullptr;
    LDAPControl** controls = nullptr;
    const int code = ldap_parse_result(
        state_->handle, message, &outcome.code, nullptr, &text, nullptr, &controls, 0
    );
    const std::unique_ptr<char, void (*)(void*)> text_owner(text, ldap_memfree);
    const std::unique_ptr<LDAPControl*, void (*)(LDAPControl**)> owner(
        controls, ldap_controls_free
    );
    if (code != LDAP_SUCCESS) {
        return fail(broken(code, "reading an answer"));
    }
    outcome.diagnostic = text == nullptr ? "" : text;
    if (outcome.code == LDAP_REFERRAL) {
        count_referral();
    }
    if (const auto* policy =
            ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, nullptr);
        policy != nullptr) {
        // A control that cannot be read must not hide the answer it came with.
        if (const auto response =
                decode_policy_response({policy->ldctl_value.bv_val, policy->ldctl_value.bv_len})) {
            outcome.policy = *response;
        }
    }
    return outcome;
}

}  // namespace bascule::ldap

#include "connectors/ldap/connection.hpp"

#include <fmt/format.h>
#include <ldap.h>
#include <openldap.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/library.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::steady_clock;

// Long enough to cost nothing, short enough to notice a stop whose wake-up was lost.
constexpr std::chrono::milliseconds longest_wait{250};
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

void MessageDeleter::operator()(LDAPMessage* message) const {
    ldap_msgfree(message);
}

struct Connection::State {
    LDAP* handle = nullptr;
    std::string server;
    std::unique_ptr<Wire> wire;
    std::stop_token stop;
    bool broken = false;
    bool unix_socket = false;
    /// Last, so that it is gone before the wire.
    std::unique_ptr<std::stop_callback<std::function<void()>>> wake;

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

LDAP* Connection::handle() const {
    return state_->handle;
}
const std::string& Connection::server() const {
    return state_->server;
}
const Wire& Connection::wire() const {
    return *state_->wire;
}
bool Connection::alive() const {
    return !state_->broken && !state_->wire->stale();
}

bool Connection::confidential() const {
    return ldap_tls_inplace(state_->handle) != 0 || state_->wire->local();
}

Error Connection::broken(int code, std::string_view doing) {
    state_->broken = true;
    if (state_->stop.stop_requested()) {
        return stopped_error();
    }
    return error_from_handle(state_->handle, code, fmt::format("{} at {}", doing, state_->server));
}

Result<Connection> Connection::open(
    const ConnectionOptions& options, Deadline deadline, std::stop_token stop
) {
    initialise_library();
    Error last{ErrorKind::invalid_input,
               "invalid_server",
               "No directory server is configured.",
               {},
               {},
               {}};
    for (const auto& server : options.servers) {
        if (stop.stop_requested()) {
            return fail(stopped_error());
        }
        const auto until = std::min(deadline, steady_clock::now() + options.network_timeout);
        auto connection = open_one(server, options, until, stop);
        if (connection) {
            return connection;
        }
        last = std::move(connection).error();
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
    state->stop = stop;
    state->wire = std::make_unique<Wire>(descriptor);
    const int protocol = endpoint.scheme == "ldapi" ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
    const int code = ldap_init_fd(descriptor, protocol, server.c_str(), &state->handle);
    if (code != LDAP_SUCCESS) {
        ::close(descriptor);
        return fail(error_from_result(code, {}, "preparing a connection to " + server));
    }
    state->wake = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [wire = state->wire.get()] { wire->shut(); }
    );
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
    const ConnectionOptions& options, Deadline deadline, std::stop_token stop
) {
    BASCULE_TRY(auto connection, open(options, deadline, std::move(stop)));
    if (options.bind_dn.empty()) {
        return connection;
    }
    BASCULE_TRY(auto secret, options.secret());
    BASCULE_TRY(auto outcome, connection.bind(options.bind_dn, secret, deadline));
    if (outcome.code == LDAP_INVALID_CREDENTIALS) {
        BASCULE_TRY(const auto again, options.secret());
        if (!equal_in_constant_time(secret.reveal(), again.reveal())) {
            BASCULE_TRY(outcome, connection.bind(options.bind_dn, again, deadline));
        }
    }
    if (!outcome.success()) {
        return fail(error_from_result(
            outcome.code, outcome.diagnostic,
            fmt::format("binding as {} at {}", options.bind_dn, connection.server())
        ));
    }
    return connection;
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
        const int type = ldap_result(state_->handle, id, LDAP_MSG_ONE, &wait, &raw);
        if (type > 0) {
            return Message(raw);
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

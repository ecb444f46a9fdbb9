#include "connectors/ldap/service_bind.hpp"

#include <fmt/format.h>
#include <ldap.h>
#include <sasl/sasl.h>

#include <memory>
#include <utility>

#include "connectors/ldap/bounded_call.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/kerberos.hpp"

namespace bascule::ldap {
namespace {

/// Strength of a SASL layer, as bits of its key, from which it protects passwords.
constexpr ber_len_t least_encryption = 112;

Error refusal(const Outcome& outcome, const Connection& connection, const std::string& who) {
    auto error = error_from_result(
        outcome.code, outcome.diagnostic,
        fmt::format("binding as {} at {}", who, connection.server())
    );
    if (error.code == "directory_credentials") {
        error.detail =
            "The directory did not accept the name or the password of the service account. Its "
            "secret is read anew at each attempt; one that was refused is tried again after a "
            "minute at the earliest, so that the account is not locked out.";
    }
    return error;
}

Status bind_simply(Connection& connection, const ConnectionOptions& options, Deadline deadline) {
    BASCULE_TRY(auto secret, options.secret());
    BASCULE_CHECK(options.reach->may_bind(secret));
    BASCULE_TRY(auto outcome, connection.bind(options.bind_dn, secret, deadline));
    if (outcome.code == LDAP_INVALID_CREDENTIALS) {
        BASCULE_TRY(auto again, options.secret());
        if (!equal_in_constant_time(secret.reveal(), again.reveal())) {
            secret = std::move(again);
            BASCULE_TRY(outcome, connection.bind(options.bind_dn, secret, deadline));
        }
    }
    if (outcome.success()) {
        options.reach->accepted();
        return {};
    }
    auto error = refusal(outcome, connection, options.bind_dn);
    if (error.code == "directory_credentials") {
        options.reach->refused(secret, error);
    }
    return fail(std::move(error));
}

Status bind_external(Connection& connection, Deadline deadline) {
    // Present and empty: the server is to say itself who it is (RFC 4422, appendix A).
    std::string no_name;
    berval nothing{0, no_name.data()};
    int id = 0;
    const int code =
        ldap_sasl_bind(connection.handle(), nullptr, "EXTERNAL", &nothing, nullptr, nullptr, &id);
    if (code != LDAP_SUCCESS) {
        return fail(error_from_handle(connection.handle(), code, "binding by certificate"));
    }
    BASCULE_TRY(const auto outcome, connection.finish(id, deadline));
    return outcome.success() ? Status() : fail(refusal(outcome, connection, "the certificate"));
}

void set_int(LDAP* handle, int option, int value) {
    ldap_set_option(handle, option, &value);
}

/// Inside TLS no layer of its own: domain controllers refuse two. Without TLS it must encrypt.
void set_security(LDAP* handle) {
    const bool tls = ldap_tls_inplace(handle) != 0;
    ldap_set_option(handle, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
    ber_len_t strength = tls ? 0 : least_encryption;
    ldap_set_option(handle, LDAP_OPT_X_SASL_SSF_MIN, &strength);
    if (tls) {
        ldap_set_option(handle, LDAP_OPT_X_SASL_SSF_MAX, &strength);
        set_int(handle, LDAP_OPT_X_SASL_CBINDING, LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT);
    }
}

/// Every question has an empty answer: the tickets say who it is.
int answer_questions(LDAP*, unsigned, void*, void* questions) {
    for (auto* one = static_cast<sasl_interact_t*>(questions); one->id != SASL_CB_LIST_END; ++one) {
        one->result = "";
        one->len = 0;
    }
    return LDAP_SUCCESS;
}

Error kerberos_error(Connection& connection, int code) {
    const auto reason = handle_diagnostic(connection.handle());
    if (code == LDAP_INVALID_CREDENTIALS || code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT) {
        return error_from_result(code, reason, "binding by Kerberos at " + connection.server());
    }
    const auto context = fmt::format("{}: LDAP result {}: {}", connection.server(), code, reason);
    if (code == LDAP_STRONG_AUTH_REQUIRED && ldap_tls_inplace(connection.handle()) != 0) {
        return Error{
            ErrorKind::unauthenticated,
            "directory_kerberos",
            fmt::format(
                "The directory server {} takes no Kerberos bind inside TLS. Write ldap:// in "
                "sources[].servers, without start_tls: Kerberos encrypts the connection itself. Or "
                "set \"ldap server require strong auth = allow_sasl_over_tls\" on Samba.",
                connection.server()
            ),
            {},
            context,
            {}};
    }
    return Error{
        ErrorKind::unauthenticated,
        "directory_kerberos",
        fmt::format(
            "The directory server {} and the service account could not prove themselves to each "
            "other by Kerberos: {}. The server's name in sources[].servers must be the one that "
            "its principal ldap/NAME has, and the clocks must agree.",
            connection.server(), reason
        ),
        {},
        context,
        {}};
}

/// Both libraries of Kerberos ask its servers (KDC) on the way, and know no deadline for that.
Status negotiate(
    Connection& connection, const std::string& keytab, const std::string& principal,
    Deadline deadline
) {
    BASCULE_TRY(const auto tickets, KerberosTickets::use(keytab, principal, deadline));
    set_security(connection.handle());
    Message answer;
    const char* mechanism = nullptr;
    while (true) {
        int id = 0;
        const int code = ldap_sasl_interactive_bind(
            connection.handle(), nullptr, "GSSAPI", nullptr, nullptr, LDAP_SASL_QUIET,
            &answer_questions, nullptr, answer.get(), &mechanism, &id
        );
        if (code == LDAP_SUCCESS) {
            return {};
        }
        if (code != LDAP_SASL_BIND_IN_PROGRESS) {
            return fail(kerberos_error(connection, code));
        }
        BASCULE_TRY(answer, connection.next_message(id, deadline));
        if (!answer) {
            return fail(
                error_from_result(LDAP_TIMEOUT, {}, "binding by Kerberos at " + connection.server())
            );
        }
    }
}

/// When the time is over the connection stays with those who still use it.
Status bind_gssapi(Connection& connection, const ConnectionOptions& options, Deadline deadline) {
    // A directory that does not answer is told by whoever waits for its answer.
    constexpr std::chrono::milliseconds for_the_last_answer{50};
    const auto stop = connection.stop_request();
    const auto server = connection.server();
    const auto lent = std::make_shared<Connection>(std::move(connection));
    const auto bound = call_within<Status>(
        deadline + for_the_last_answer, stop,
        [lent, keytab = options.keytab_file, principal = options.principal, deadline] {
            return negotiate(*lent, keytab, principal, deadline);
        }
    );
    if (!bound) {
        lent->wire().shut();
        return fail(kerberos_unanswered(server));
    }
    connection = std::move(*lent);
    return *bound;
}

}  // namespace

Status may_bind_service(const ConnectionOptions& options) {
    if (options.method != BindMethod::simple || options.bind_dn.empty()) {
        return {};
    }
    BASCULE_TRY(const auto secret, options.secret());
    return options.reach->may_bind(secret);
}

Status bind_service(Connection& connection, const ConnectionOptions& options, Deadline deadline) {
    switch (options.method) {
        case BindMethod::simple:
            return options.binds() ? bind_simply(connection, options, deadline) : Status();
        case BindMethod::external:
            return bind_external(connection, deadline);
        case BindMethod::gssapi:
            return bind_gssapi(connection, options, deadline);
    }
    return {};
}

}  // namespace bascule::ldap

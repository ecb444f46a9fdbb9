#include "connectors/ldap/dialects/generic/change_alarm.hpp"

#include <lber.h>
#include <ldap.h>

#include <algorithm>
#include <array>
#include <memory>

#include "connectors/ldap/errors.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::steady_clock;

constexpr const char* persistent_search = "2.16.840.1.113730.3.4.3";
constexpr const char* change_notice = "2.16.840.1.113730.3.4.7";
constexpr ber_int_t every_change = 15;
constexpr ber_int_t deletion = 2;
constexpr ber_int_t renaming = 8;
// One look serves all changes of a burst.
constexpr std::chrono::milliseconds burst{100};

/// Changes only, with their kinds.
std::string request_value() {
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 1); }
    );
    ber_printf(element.get(), "{ibb}", every_change, 1, 1);
    berval value{};
    ber_flatten2(element.get(), &value, 0);
    return {value.bv_val, value.bv_len};
}

ber_int_t kind_of(LDAP* handle, LDAPMessage* message) {
    LDAPControl** controls = nullptr;
    ldap_get_entry_controls(handle, message, &controls);
    const std::unique_ptr<LDAPControl*, void (*)(LDAPControl**)> owner(
        controls, ldap_controls_free
    );
    LDAPControl* notice = ldap_control_find(change_notice, controls, nullptr);
    if (notice == nullptr) {
        return deletion;
    }
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_init(&notice->ldctl_value), [](BerElement* owned) { ber_free(owned, 1); }
    );
    ber_int_t kind = deletion;
    if (element != nullptr) {
        ber_scanf(element.get(), "{e", &kind);
    }
    return kind;
}

}  // namespace

bool ChangeAlarm::is_offered(const directory::SourceEntry& root) {
    return std::ranges::count(root.values("supportedControl"), persistent_search) > 0;
}

Result<ChangeAlarm> ChangeAlarm::start(
    const ConnectionOptions& options, const std::string& base, const std::stop_token& stop
) {
    const auto deadline = steady_clock::now() + options.network_timeout + options.operation_timeout;
    BASCULE_TRY(auto connection, Connection::open_bound(options, deadline, stop));
    std::string oid = persistent_search;
    std::string value = request_value();
    LDAPControl control{oid.data(), {value.size(), value.data()}, 1};
    std::array<LDAPControl*, 2> controls{&control, nullptr};
    std::string nothing = LDAP_NO_ATTRS;
    std::array<char*, 2> attributes{nothing.data(), nullptr};
    int id = 0;
    const int code = ldap_search_ext(
        connection.handle(), base.c_str(), LDAP_SCOPE_SUBTREE, "(objectClass=*)", attributes.data(),
        0, controls.data(), nullptr, nullptr, 0, &id
    );
    if (code != LDAP_SUCCESS) {
        return fail(error_from_handle(connection.handle(), code, "starting a persistent search"));
    }
    return ChangeAlarm(std::move(connection), id);
}

ChangeAlarm::Ring ChangeAlarm::wait(steady_clock::time_point until) {
    Ring ring = Ring::none;
    while (true) {
        const auto message = connection_.next_message(id_, until);
        if (!message) {
            return Ring::broken;
        }
        if (*message == nullptr) {
            return ring;
        }
        const int type = ldap_msgtype(message->get());
        if (type == LDAP_RES_SEARCH_RESULT) {
            return Ring::broken;
        }
        if (type != LDAP_RES_SEARCH_ENTRY) {
            continue;
        }
        if (ring == Ring::none) {
            until = steady_clock::now() + burst;
            ring = Ring::changed;
        }
        const auto kind = kind_of(connection_.handle(), message->get());
        if (kind == deletion || kind == renaming) {
            ring = Ring::removed;
        }
    }
}

}  // namespace bascule::ldap

#include "connectors/ldap/entry_decoder.hpp"

#include <ldap.h>

#include <memory>

#include "connectors/ldap/errors.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

constexpr std::size_t usual_attribute_count = 16;

std::string_view view(const berval& value) {
    return {value.bv_val, value.bv_len};
}

tl::unexpected<Error> malformed() {
    return fail(
        ErrorKind::internal, "directory_protocol",
        "The directory server sent an entry that cannot be read."
    );
}

/// One attribute of those in `ber`; its values stay in the message.
Status take_attribute(directory::SourceEntry& entry, BerElement* ber, const Message& message) {
    berval name{};
    berval values{};
    if (ber_scanf(ber, "{m", &name) == LBER_ERROR || ber_skip_element(ber, &values) != LBER_SET) {
        return malformed();
    }
    auto taken = directory::AttributeValues::within(message, view(values));
    if (!taken) {
        return malformed();
    }
    if (equals_ignoring_ascii_case(view(name), "entryCSN")) {
        entry.csn = taken->empty() ? std::string_view() : taken->front();
        return {};
    }
    entry.attributes.push_back({std::string(view(name)), *std::move(taken)});
    return {};
}

}  // namespace

Result<directory::SourceEntry> decode_entry(LDAP* handle, const Message& message) {
    BerElement* ber = nullptr;
    berval dn{};
    const int code = ldap_get_dn_ber(handle, message.get(), &ber, &dn);
    const std::unique_ptr<BerElement, void (*)(BerElement*)> owner(ber, [](BerElement* owned) {
        ber_free(owned, 0);
    });
    if (code != LDAP_SUCCESS) {
        return fail(error_from_handle(handle, code, "reading an entry"));
    }
    directory::SourceEntry entry;
    entry.dn = view(dn);
    entry.attributes.reserve(usual_attribute_count);
    while (ber_remaining(ber) > 0) {
        BASCULE_CHECK(take_attribute(entry, ber, message));
    }
    return entry;
}

Result<DecodedState> decode_entry_state(LDAP* handle, LDAPMessage* message) {
    LDAPControl** controls = nullptr;
    const int code = ldap_get_entry_controls(handle, message, &controls);
    const std::unique_ptr<LDAPControl*, void (*)(LDAPControl**)> owner(
        controls, ldap_controls_free
    );
    const auto* control = code == LDAP_SUCCESS
                              ? ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, nullptr)
                              : nullptr;
    if (control == nullptr) {
        return fail(
            ErrorKind::internal, "directory_protocol",
            "The directory server sent an entry without its synchronisation state."
        );
    }
    BASCULE_TRY(
        auto state, decode_sync_state({control->ldctl_value.bv_val, control->ldctl_value.bv_len})
    );
    return DecodedState{state.state, state.anchor, std::move(state.cookie).value_or("")};
}

}  // namespace bascule::ldap

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

void append_values(const berval* values, std::vector<std::string>& out) {
    std::size_t count = 0;
    while (values[count].bv_val != nullptr) {
        ++count;
    }
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        out.emplace_back(view(values[i]));
    }
}

void take_attribute(directory::SourceEntry& entry, const berval& name, const berval* values) {
    if (values == nullptr) {
        return;
    }
    if (equals_ignoring_ascii_case(view(name), "entryCSN")) {
        entry.csn = values[0].bv_val == nullptr ? std::string() : std::string(view(values[0]));
        return;
    }
    auto& attribute = entry.attributes.emplace_back();
    attribute.name = view(name);
    append_values(values, attribute.values);
}

}  // namespace

Result<directory::SourceEntry> decode_entry(LDAP* handle, LDAPMessage* message) {
    BerElement* ber = nullptr;
    berval dn{};
    int code = ldap_get_dn_ber(handle, message, &ber, &dn);
    const std::unique_ptr<BerElement, void (*)(BerElement*)> owner(ber, [](BerElement* owned) {
        ber_free(owned, 0);
    });
    directory::SourceEntry entry;
    if (code == LDAP_SUCCESS) {
        entry.dn = view(dn);
        entry.attributes.reserve(usual_attribute_count);
    }
    while (code == LDAP_SUCCESS) {
        berval name{};
        berval* values = nullptr;
        code = ldap_get_attribute_ber(handle, message, ber, &name, &values);
        const std::unique_ptr<berval, void (*)(void*)> values_owner(values, ldap_memfree);
        if (code == LDAP_SUCCESS) {
            if (name.bv_val == nullptr) {
                return entry;
            }
            take_attribute(entry, name, values);
        }
    }
    return fail(error_from_handle(handle, code, "reading an entry"));
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

#include "connectors/ldap/controls.hpp"

#include <lber.h>
#include <ldap.h>

#include <memory>
#include <string>

namespace bascule::ldap {
namespace {

constexpr ber_tag_t refresh_deletes_tag = LBER_BOOLEAN;
constexpr ber_tag_t new_cookie_tag = 0x80;
constexpr ber_tag_t refresh_delete_tag = 0xa1;
constexpr ber_tag_t refresh_present_tag = 0xa2;
constexpr ber_tag_t id_set_tag = 0xa3;
constexpr ber_tag_t warning_tag = 0xa0;
constexpr ber_tag_t expires_in_tag = 0x80;
constexpr ber_tag_t graces_left_tag = 0x81;
constexpr ber_tag_t policy_error_tag = 0x81;

/// Reads BER from a copy of the caller's bytes: liblber ends the texts it finds with a zero byte in
/// place, perhaps one behind the last byte, where the copy has room for it.
class BerReader {
  public:
    explicit BerReader(std::string_view bytes)
        : bytes_(bytes), value_{bytes_.size(), bytes_.data()}, element_(ber_alloc_t(LBER_USE_DER)) {
        ber_init2(element_, &value_, LBER_USE_DER);
    }
    ~BerReader() { ber_free(element_, 0); }
    BerReader(const BerReader&) = delete;
    BerReader& operator=(const BerReader&) = delete;

    /// The tag that comes next; LBER_DEFAULT at the end.
    ber_tag_t next() {
        ber_len_t length = 0;
        return ber_peek_tag(element_, &length);
    }
    /// Nothing is left, or something well-formed that a later standard may have added.
    bool ended_well() {
        ber_len_t left = 0;
        ber_get_option(element_, LBER_OPT_REMAINING_BYTES, &left);
        return left == 0 || next() != LBER_DEFAULT;
    }
    bool enter() {
        ber_len_t length = 0;
        return ber_skip_tag(element_, &length) != LBER_DEFAULT;
    }
    bool read(std::string_view& bytes) {
        berval value{};
        if (ber_scanf(element_, "m", &value) == LBER_ERROR) {
            return false;
        }
        bytes = {value.bv_val, value.bv_len};
        return true;
    }
    bool read(ber_int_t& number) { return ber_scanf(element_, "i", &number) != LBER_ERROR; }
    bool read_enumeration(ber_int_t& number) {
        return ber_scanf(element_, "e", &number) != LBER_ERROR;
    }
    bool read(bool& truth) {
        ber_int_t number = 0;
        if (ber_scanf(element_, "b", &number) == LBER_ERROR) {
            return false;
        }
        truth = number != 0;
        return true;
    }
    /// The cookie, when one comes next; false on malformed bytes.
    bool read_cookie(std::optional<std::string>& cookie) {
        if (next() != LBER_OCTETSTRING) {
            return true;
        }
        std::string_view bytes;
        if (!read(bytes)) {
            return false;
        }
        cookie.emplace(bytes);
        return true;
    }
    /// A boolean with a default, when one comes next; false on malformed bytes.
    bool read_default(bool& truth) { return next() != refresh_deletes_tag || read(truth); }

  private:
    std::string bytes_;
    berval value_;
    BerElement* element_;
};

auto malformed(const char* what) {
    return fail(Error{
        ErrorKind::internal,
        "directory_protocol",
        "The directory server sent a message that does not follow the protocol.",
        {},
        what,
        {}});
}

bool read_anchors(BerReader& reader, std::vector<Uuid>& anchors) {
    if (reader.next() != LBER_SET || !reader.enter()) {
        return false;
    }
    while (reader.next() == LBER_OCTETSTRING) {
        std::string_view bytes;
        if (!reader.read(bytes)) {
            return false;
        }
        auto anchor = uuid_from_bytes(bytes);
        if (!anchor) {
            return false;
        }
        anchors.push_back(*anchor);
    }
    return true;
}

bool read_new_cookie(BerReader& reader, SyncInfo& info) {
    std::string_view bytes;
    info.kind = SyncInfo::Kind::new_cookie;
    if (!reader.read(bytes)) {
        return false;
    }
    info.cookie.emplace(bytes);
    return true;
}

bool read_phase_end(BerReader& reader, SyncInfo& info) {
    return reader.enter() && reader.read_cookie(info.cookie) &&
           reader.read_default(info.refresh_done);
}

bool read_id_set(BerReader& reader, SyncInfo& info) {
    info.kind = SyncInfo::Kind::id_set;
    return reader.enter() && reader.read_cookie(info.cookie) &&
           reader.read_default(info.refresh_deletes) && read_anchors(reader, info.anchors);
}

}  // namespace

std::string encode_sync_request(SyncMode mode, std::string_view cookie) {
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 1); }
    );
    ber_printf(element.get(), "{e", static_cast<int>(mode));
    if (!cookie.empty()) {
        ber_printf(element.get(), "o", cookie.data(), static_cast<ber_len_t>(cookie.size()));
    }
    ber_printf(element.get(), "}");
    berval value{};
    ber_flatten2(element.get(), &value, 0);
    return {value.bv_val, value.bv_len};
}

Result<SyncState> decode_sync_state(std::string_view value) {
    BerReader reader(value);
    SyncState state;
    ber_int_t number = 0;
    std::string_view anchor;
    if (reader.next() != LBER_SEQUENCE || !reader.enter() || !reader.read_enumeration(number) ||
        !reader.read(anchor) || number < 0 || number > 3 ||
        anchor.size() != state.anchor.bytes.size()) {
        return malformed("sync state control");
    }
    state.state = static_cast<SyncEntryState>(number);
    anchor.copy(reinterpret_cast<char*>(state.anchor.bytes.data()), anchor.size());
    if (!reader.read_cookie(state.cookie) || !reader.ended_well()) {
        return malformed("end of a sync state control");
    }
    return state;
}

Result<SyncDone> decode_sync_done(std::string_view value) {
    BerReader reader(value);
    SyncDone done;
    if (reader.next() != LBER_SEQUENCE || !reader.enter() || !reader.read_cookie(done.cookie) ||
        !reader.read_default(done.refresh_deletes) || !reader.ended_well()) {
        return malformed("sync done control");
    }
    return done;
}

Result<SyncInfo> decode_sync_info(std::string_view value) {
    BerReader reader(value);
    SyncInfo info;
    bool whole = false;
    switch (reader.next()) {
        case new_cookie_tag:
            whole = read_new_cookie(reader, info);
            break;
        case refresh_delete_tag:
            info.kind = SyncInfo::Kind::refresh_delete;
            whole = read_phase_end(reader, info);
            break;
        case refresh_present_tag:
            info.kind = SyncInfo::Kind::refresh_present;
            whole = read_phase_end(reader, info);
            break;
        case id_set_tag:
            whole = read_id_set(reader, info);
            break;
        default:
            break;
    }
    if (!whole || !reader.ended_well()) {
        return malformed("sync info message");
    }
    return info;
}

Result<PolicyResponse> decode_policy_response(std::string_view value) {
    BerReader reader(value);
    PolicyResponse response;
    if (reader.next() != LBER_SEQUENCE || !reader.enter()) {
        return malformed("password policy control");
    }
    ber_int_t number = 0;
    if (reader.next() == warning_tag) {
        const auto kind = reader.enter() ? reader.next() : LBER_DEFAULT;
        if ((kind != expires_in_tag && kind != graces_left_tag) || !reader.read(number) ||
            number < 0) {
            return malformed("warning of a password policy control");
        }
        if (kind == expires_in_tag) {
            response.expires_in = std::chrono::seconds(number);
        } else {
            response.graces_left = static_cast<std::uint32_t>(number);
        }
    }
    if (reader.next() == policy_error_tag) {
        if (!reader.read_enumeration(number) || number < 0 || number > 9) {
            return malformed("error of a password policy control");
        }
        response.error = static_cast<PolicyError>(number);
    }
    if (!reader.ended_well()) {
        return malformed("end of a password policy control");
    }
    return response;
}

}  // namespace bascule::ldap

#include "daemon/replay/message_packing.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "directory/base/text.hpp"
#include "directory/mirror/raw_entry.hpp"

namespace bascule::daemon {
namespace {

using Kind = FeedMessage::Kind;

/// Attributes in which directories keep passwords and what is made of them.
constexpr std::array password_attributes{
    "userPassword",    "unicodePwd",      "dBCSPwd",
    "ntPwdHistory",    "lmPwdHistory",    "supplementalCredentials",
    "sambaNTPassword", "sambaLMPassword", "sambaPasswordHistory",
    "krbPrincipalKey", "authPassword",    "pwdHistory",
    "passwordHistory", "clearPassword",   "msDS-ManagedPassword",
    "ipaNTHash"};

bool is_password(std::string_view name) {
    const std::string_view bare = name.substr(0, name.find(';'));
    return std::ranges::any_of(password_attributes, [&](const char* one) {
        return equals_ignoring_ascii_case(one, bare);
    });
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

void pack_members(std::string& out, const std::vector<directory::MemberChange::Member>& members) {
    put_number(out, static_cast<std::uint32_t>(members.size()));
    for (const auto& member : members) {
        put_text(out, member.dn);
        put_text(out, member.dn_key);
        put_text(out, member.anchor ? member.anchor->raw() : std::string_view());
    }
}

void pack_members(std::string& out, const directory::MemberChange& change) {
    out += change.anchor.raw();
    put_text(out, change.attribute);
    put_text(out, change.csn);
    pack_members(out, change.added);
    pack_members(out, change.removed);
}

Uuid unpack_anchor(Unpacker& in) {
    Uuid anchor;
    for (auto& byte : anchor.bytes) {
        byte = in.number<std::uint8_t>();
    }
    return anchor;
}

std::vector<directory::MemberChange::Member> unpack_member_list(Unpacker& in) {
    std::vector<directory::MemberChange::Member> members;
    const auto count = in.number<std::uint32_t>();
    for (std::uint32_t at = 0; at < count && !in.broken(); ++at) {
        directory::MemberChange::Member member;
        member.dn = in.text();
        member.dn_key = in.text();
        if (const auto anchor = uuid_from_bytes(in.text())) {
            member.anchor = *anchor;
        }
        members.push_back(std::move(member));
    }
    return members;
}

directory::MemberChange unpack_members(Unpacker& in) {
    directory::MemberChange change;
    change.anchor = unpack_anchor(in);
    change.attribute = in.text();
    change.csn = in.text();
    change.added = unpack_member_list(in);
    change.removed = unpack_member_list(in);
    return change;
}

}  // namespace

void pack_message(std::string& out, const FeedMessage& message) {
    put_number(out, static_cast<std::uint8_t>(message.kind));
    put_number(out, static_cast<std::uint64_t>(message.time.time_since_epoch().count()));
    put_number(out, message.order);
    switch (message.kind) {
        case Kind::run_started:
            put_text(out, message.text);
            put_text(out, message.second);
            put_text(out, message.source);
            return;
        case Kind::refresh_started:
        case Kind::run_ended:
            put_number(out, static_cast<std::uint8_t>(message.flag ? 1 : 0));
            return;
        case Kind::changed: {
            auto entry = message.entry;
            std::erase_if(entry.attributes, [](const directory::RawAttribute& one) {
                return is_password(one.name);
            });
            put_text(out, mirror::pack_entry(entry));
            return;
        }
        case Kind::present:
        case Kind::deleted: {
            put_number(out, static_cast<std::uint32_t>(message.anchors.size()));
            for (const Uuid& anchor : message.anchors) {
                out += anchor.raw();
            }
            return;
        }
        case Kind::refresh_done:
            put_number(out, static_cast<std::uint8_t>(message.proof));
            put_text(out, message.text);
            return;
        case Kind::cookie:
            put_text(out, message.text);
            return;
        case Kind::members_changed:
            pack_members(out, message.members);
            return;
        case Kind::idle:
            return;
    }
}

tl::unexpected<Error> broken_message_log() {
    return fail(
        ErrorKind::invalid_input, "broken_message_log",
        "The file is no message log, or it is damaged."
    );
}

Result<FeedMessage> unpack_message(Unpacker& in) {
    FeedMessage message;
    message.kind = static_cast<Kind>(in.number<std::uint8_t>());
    message.time =
        Time(std::chrono::milliseconds(static_cast<std::int64_t>(in.number<std::uint64_t>())));
    message.order = in.number<std::uint64_t>();
    switch (message.kind) {
        case Kind::run_started:
            message.text = in.text();
            message.second = in.text();
            message.source = in.text();
            break;
        case Kind::refresh_started:
        case Kind::run_ended:
            message.flag = in.number<std::uint8_t>() != 0;
            break;
        case Kind::changed: {
            auto entry = mirror::unpack_entry(in.text());
            if (!entry) {
                return broken_message_log();
            }
            message.entry = *std::move(entry);
            break;
        }
        case Kind::present:
        case Kind::deleted: {
            const auto count = in.number<std::uint32_t>();
            for (std::uint32_t at = 0; at < count && !in.broken(); ++at) {
                message.anchors.push_back(unpack_anchor(in));
            }
            break;
        }
        case Kind::refresh_done: {
            const auto proof = in.number<std::uint8_t>();
            message.proof = static_cast<directory::AbsenceProof>(std::min<std::uint8_t>(proof, 2));
            message.text = in.text();
            break;
        }
        case Kind::cookie:
            message.text = in.text();
            break;
        case Kind::members_changed:
            message.members = unpack_members(in);
            break;
        case Kind::idle:
            break;
        default:
            return broken_message_log();
    }
    if (in.broken()) {
        return broken_message_log();
    }
    return message;
}

}  // namespace bascule::daemon

#include "daemon/replay/message_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "directory/base/text.hpp"
#include "directory/mirror/raw_entry.hpp"

namespace bascule::daemon {
namespace {

using Kind = FeedMessage::Kind;

constexpr std::string_view file_mark = "bascule messages 1\n";
constexpr std::size_t block_limit = 256 * 1024;
/// An entry with all that it holds.
constexpr std::uint32_t largest_block = 1U << 30U;
constexpr std::size_t head_size = 12;

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

template <class Number>
void put(std::string& out, Number number) {
    for (std::size_t at = 0; at < sizeof(Number); ++at) {
        out += static_cast<char>((number >> (8 * at)) & 0xff);
    }
}

void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// Takes a block apart; what is too short gives zeros and marks it broken.
class Unpacker {
  public:
    explicit Unpacker(std::string_view rest) : rest_(rest) {}

    template <class Number>
    Number number() {
        if (rest_.size() < sizeof(Number)) {
            broken_ = true;
            rest_ = {};
            return 0;
        }
        Number value = 0;
        for (std::size_t at = 0; at < sizeof(Number); ++at) {
            value |= static_cast<Number>(
                static_cast<Number>(static_cast<unsigned char>(rest_[at])) << (8 * at)
            );
        }
        rest_.remove_prefix(sizeof(Number));
        return value;
    }
    std::string_view text() {
        const auto size = number<std::uint32_t>();
        if (size > rest_.size()) {
            broken_ = true;
            return {};
        }
        const auto out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    [[nodiscard]] bool broken() const { return broken_; }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

  private:
    std::string_view rest_;
    bool broken_ = false;
};

void pack_members(std::string& out, const std::vector<directory::MemberChange::Member>& members) {
    put(out, static_cast<std::uint32_t>(members.size()));
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

void pack_message(std::string& out, const FeedMessage& message) {
    put(out, static_cast<std::uint8_t>(message.kind));
    put(out, static_cast<std::uint64_t>(message.time.time_since_epoch().count()));
    switch (message.kind) {
        case Kind::run_started:
            put_text(out, message.text);
            put_text(out, message.second);
            return;
        case Kind::refresh_started:
        case Kind::run_ended:
            put(out, static_cast<std::uint8_t>(message.flag ? 1 : 0));
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
            put(out, static_cast<std::uint32_t>(message.anchors.size()));
            for (const Uuid& anchor : message.anchors) {
                out += anchor.raw();
            }
            return;
        }
        case Kind::refresh_done:
            put(out, static_cast<std::uint8_t>(message.proof));
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

tl::unexpected<Error> broken() {
    return fail(
        ErrorKind::invalid_input, "broken_message_log",
        "The file is no message log, or it is damaged."
    );
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

Result<FeedMessage> unpack_message(Unpacker& in) {
    FeedMessage message;
    message.kind = static_cast<Kind>(in.number<std::uint8_t>());
    message.time =
        Time(std::chrono::milliseconds(static_cast<std::int64_t>(in.number<std::uint64_t>())));
    switch (message.kind) {
        case Kind::run_started:
            message.text = in.text();
            message.second = in.text();
            break;
        case Kind::refresh_started:
        case Kind::run_ended:
            message.flag = in.number<std::uint8_t>() != 0;
            break;
        case Kind::changed: {
            auto entry = mirror::unpack_entry(in.text());
            if (!entry) {
                return broken();
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
            return broken();
    }
    if (in.broken()) {
        return broken();
    }
    return message;
}

/// Reads exactly that much; false at the end of the file.
bool read_all(int file, std::string& out, std::size_t size) {
    out.resize(size);
    std::size_t got = 0;
    while (got < size) {
        const ssize_t count = ::read(file, out.data() + got, size - got);
        if (count <= 0) {
            return false;
        }
        got += static_cast<std::size_t>(count);
    }
    return true;
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())
    );
}

/// The next block, unpacked; nothing at the end and at a block that is torn (`torn` tells).
std::optional<std::string> next_block(int file, bool& torn) {
    std::string head;
    const ::off_t begin = ::lseek(file, 0, SEEK_CUR);
    if (!read_all(file, head, head_size)) {
        torn = ::lseek(file, 0, SEEK_END) != begin;
        return std::nullopt;
    }
    torn = true;
    Unpacker in(head);
    const auto packed_size = in.number<std::uint32_t>();
    const auto size = in.number<std::uint32_t>();
    const auto sum = in.number<std::uint32_t>();
    std::string packed;
    if (packed_size > largest_block || size > largest_block ||
        !read_all(file, packed, packed_size)) {
        return std::nullopt;
    }
    std::string block(size, '\0');
    uLongf length = size;
    const int code = ::uncompress(
        reinterpret_cast<unsigned char*>(block.data()), &length,
        reinterpret_cast<const unsigned char*>(packed.data()), packed.size()
    );
    if (code != Z_OK || length != size || checksum(block) != sum) {
        return std::nullopt;
    }
    torn = false;
    return block;
}

tl::unexpected<Error> not_recorded(const std::string& path, const std::string& why) {
    return fail(
        ErrorKind::unavailable, "not_recorded",
        "The messages of the source cannot be recorded in " + path + ": " + why + "."
    );
}

}  // namespace

MessageLogWriter::MessageLogWriter(const std::string& path, std::uint64_t max_size)
    : file_(path, O_RDWR | O_CREAT), max_size_(max_size) {}

MessageLogWriter::~MessageLogWriter() {
    static_cast<void>(flush());
}

Result<std::unique_ptr<MessageLogWriter>> MessageLogWriter::open(
    const std::string& path, std::uint64_t max_size
) {
    std::unique_ptr<MessageLogWriter> log(new MessageLogWriter(path, max_size));
    const int file = log->file_.get();
    if (file < 0 || ::fchmod(file, S_IRUSR | S_IWUSR) != 0) {
        return not_recorded(path, std::system_category().message(errno));
    }
    std::string mark;
    if (!read_all(file, mark, file_mark.size())) {
        if (::lseek(file, 0, SEEK_END) != 0) {
            return not_recorded(path, "the file is something else");
        }
        mark = file_mark;
        if (!write_all(file, mark)) {
            return not_recorded(path, std::system_category().message(errno));
        }
    } else if (mark != file_mark) {
        return not_recorded(path, "the file is something else");
    }
    bool torn = false;
    ::off_t end = static_cast<::off_t>(file_mark.size());
    ::lseek(file, end, SEEK_SET);
    while (next_block(file, torn)) {
        end = ::lseek(file, 0, SEEK_CUR);
    }
    if (::ftruncate(file, end) != 0 || ::lseek(file, end, SEEK_SET) < 0) {
        return not_recorded(path, std::system_category().message(errno));
    }
    log->size_ = static_cast<std::uint64_t>(end);
    return log;
}

bool MessageLogWriter::write(const FeedMessage& message) {
    if (ended_) {
        return false;
    }
    pack_message(block_, message);
    return block_.size() < block_limit || flush();
}

bool MessageLogWriter::flush() {
    if (ended_ || block_.empty()) {
        return !ended_;
    }
    std::string packed(::compressBound(block_.size()), '\0');
    uLongf length = packed.size();
    const int code = ::compress2(
        reinterpret_cast<unsigned char*>(packed.data()), &length,
        reinterpret_cast<const unsigned char*>(block_.data()), block_.size(), Z_BEST_SPEED
    );
    std::string whole;
    put(whole, static_cast<std::uint32_t>(length));
    put(whole, static_cast<std::uint32_t>(block_.size()));
    put(whole, checksum(block_));
    whole.append(packed, 0, length);
    block_.clear();
    ended_ = code != Z_OK || size_ + whole.size() > max_size_ || !write_all(file_.get(), whole);
    size_ += whole.size();
    return !ended_;
}

Result<bool> read_message_log(
    const std::string& path, const std::function<Status(FeedMessage)>& take
) {
    const FileDescriptor file(path, O_RDONLY);
    if (file.get() < 0) {
        return fail(
            ErrorKind::not_found, "no_message_log",
            "The file " + path + " cannot be read: " + std::system_category().message(errno) + "."
        );
    }
    std::string mark;
    if (!read_all(file.get(), mark, file_mark.size()) || mark != file_mark) {
        return broken();
    }
    bool torn = false;
    while (const auto block = next_block(file.get(), torn)) {
        Unpacker in(*block);
        while (!in.empty()) {
            BASCULE_TRY(auto message, unpack_message(in));
            BASCULE_CHECK(take(std::move(message)));
        }
    }
    return !torn;
}

}  // namespace bascule::daemon

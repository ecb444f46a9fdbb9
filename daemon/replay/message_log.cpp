#include "daemon/replay/message_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "daemon/replay/message_packing.hpp"

namespace bascule::daemon {
namespace {

constexpr std::string_view file_mark = "bascule messages 2\n";
constexpr std::size_t block_limit = 256 * 1024;
/// An entry with all that it holds.
constexpr std::uint32_t largest_block = 1U << 30U;
constexpr std::size_t head_size = 12;

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
    put_number(whole, static_cast<std::uint32_t>(length));
    put_number(whole, static_cast<std::uint32_t>(block_.size()));
    put_number(whole, checksum(block_));
    whole.append(packed, 0, length);
    block_.clear();
    ended_ = code != Z_OK || size_ + whole.size() > max_size_ || !write_all(file_.get(), whole);
    size_ += whole.size();
    return !ended_;
}

MessageLogReader::MessageLogReader(const std::string& path) : file_(path, O_RDONLY) {}

Result<std::unique_ptr<MessageLogReader>> MessageLogReader::open(const std::string& path) {
    std::unique_ptr<MessageLogReader> log(new MessageLogReader(path));
    if (log->file_.get() < 0) {
        return fail(
            ErrorKind::not_found, "no_message_log",
            "The file " + path + " cannot be read: " + std::system_category().message(errno) + "."
        );
    }
    std::string mark;
    if (!read_all(log->file_.get(), mark, file_mark.size()) || mark != file_mark) {
        return broken_message_log();
    }
    return log;
}

Result<std::optional<FeedMessage>> MessageLogReader::next() {
    while (at_ == block_.size()) {
        auto block = next_block(file_.get(), torn_);
        if (!block) {
            return std::nullopt;
        }
        block_ = *std::move(block);
        at_ = 0;
    }
    Unpacker in(std::string_view(block_).substr(at_));
    BASCULE_TRY(auto message, unpack_message(in));
    at_ = block_.size() - in.left();
    return std::optional(std::move(message));
}

}  // namespace bascule::daemon

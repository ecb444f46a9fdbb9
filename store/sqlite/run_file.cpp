#include "store/sqlite/run_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "store/sqlite/connection.hpp"

namespace bascule::store {
namespace {

constexpr std::size_t write_buffer = 256 * 1024;

[[noreturn]] void raise_io(const char* doing) {
    throw SqliteError(
        errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR,
        std::string(doing) + ": " + std::strerror(errno)
    );
}

}  // namespace

RunFile::RunFile(const std::string& database_path) {
    std::string pattern = database_path + "-run-XXXXXX";
    descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (descriptor_ < 0) {
        raise_io("making a scratch file");
    }
    ::unlink(pattern.c_str());
    buffer_.reserve(write_buffer);
}

RunFile::RunFile(RunFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}

RunFile::~RunFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void RunFile::write(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > write_buffer) {
        flush();
        buffer_.reserve(write_buffer);
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void RunFile::flush() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
        const auto written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
        if (written < 0 && errno != EINTR) {
            raise_io("writing a scratch file");
        }
        done += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    buffer_ = {};
}

RunReader::RunReader(const RunFile& file, std::size_t buffer_size)
    : descriptor_(file.descriptor()), buffer_(buffer_size) {}

bool RunReader::at_end() {
    if (begin_ == end_) {
        fill(1);
    }
    return begin_ == end_;
}

std::string_view RunReader::take(std::size_t size) {
    if (end_ - begin_ < size) {
        fill(size);
    }
    if (end_ - begin_ < size) {
        errno = EIO;
        raise_io("reading a scratch file");
    }
    const std::string_view bytes(buffer_.data() + begin_, size);
    begin_ += size;
    return bytes;
}

void RunReader::fill(std::size_t needed) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < needed) {
        buffer_.resize(needed);
    }
    while (end_ < needed) {
        const auto got =
            ::pread(descriptor_, buffer_.data() + end_, buffer_.size() - end_, position_);
        if (got == 0) {
            return;
        }
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            raise_io("reading a scratch file");
        }
        end_ += static_cast<std::size_t>(got);
        position_ += got;
    }
}

}  // namespace bascule::store

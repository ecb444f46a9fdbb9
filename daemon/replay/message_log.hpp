#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/replay/feed_message.hpp"
#include "directory/base/private_file.hpp"
#include "directory/base/result.hpp"

namespace bascule::daemon {

/// Writes messages to a file that only its owner may read. They are packed into compressed blocks,
/// each with a checksum; one that a crash left torn at the end is cut off when the file is opened
/// again. Attributes that hold passwords in some directory are left out whatever the mapping says.
/// Not thread-safe.
class MessageLogWriter {
  public:
    /// Goes on with the file that is there. Nothing is written beyond `max_size` bytes.
    /// `unavailable`/"not_recorded".
    [[nodiscard]] static Result<std::unique_ptr<MessageLogWriter>> open(
        const std::string& path, std::uint64_t max_size
    );
    ~MessageLogWriter();
    MessageLogWriter(const MessageLogWriter&) = delete;
    MessageLogWriter& operator=(const MessageLogWriter&) = delete;

    /// False when the file is full or the disk refuses: nothing more is recorded then.
    [[nodiscard]] bool write(const FeedMessage& message);
    /// Puts what is gathered into the file.
    [[nodiscard]] bool flush();

  private:
    MessageLogWriter(const std::string& path, std::uint64_t max_size);

    FileDescriptor file_;
    std::uint64_t max_size_;
    std::uint64_t size_ = 0;
    bool ended_ = false;
    std::string block_;
};

/// Reads the messages of a file in order, until its end or a torn block. Not thread-safe.
class MessageLogReader {
  public:
    /// `not_found`/"no_message_log", `invalid_input`/"broken_message_log".
    [[nodiscard]] static Result<std::unique_ptr<MessageLogReader>> open(const std::string& path);
    /// The next one; nothing at the end. `invalid_input`/"broken_message_log".
    [[nodiscard]] Result<std::optional<FeedMessage>> next();
    /// After the end: the file ends with a whole block.
    [[nodiscard]] bool whole() const { return !torn_; }

  private:
    explicit MessageLogReader(const std::string& path);

    FileDescriptor file_;
    std::string block_;
    std::size_t at_ = 0;
    bool torn_ = false;
};

}  // namespace bascule::daemon

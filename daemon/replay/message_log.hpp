#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/private_file.hpp"
#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/source_entry.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::daemon {

/// One thing that a feed said, or what surrounds it. Numbers are those of the file; they are never
/// used again for something else.
struct FeedMessage {
    enum class Kind : std::uint8_t {
        run_started = 1,      ///< text: dialect; second: fingerprint of the mapping
        refresh_started = 2,  ///< flag: from a cookie
        changed = 3,
        present = 4,
        deleted = 5,
        refresh_done = 6,  ///< text: cookie; proof
        cookie = 7,        ///< text
        idle = 8,
        run_ended = 9,  ///< flag: it was stopped
        members_changed = 10,
    };
    Kind kind = Kind::idle;
    Time time{};
    bool flag = false;
    directory::AbsenceProof proof = directory::AbsenceProof::none;
    std::string text = {};
    std::string second = {};
    std::vector<Uuid> anchors = {};
    directory::SourceEntry entry = {};
    directory::MemberChange members = {};
};

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

/// Calls `take` for every message of a file, in order, until its end, a torn block or an error of
/// `take`. `not_found`/"no_message_log", `invalid_input`/"broken_message_log". True when the file
/// ends with a whole block.
[[nodiscard]] Result<bool> read_message_log(
    const std::string& path, const std::function<Status(FeedMessage)>& take
);

}  // namespace bascule::daemon

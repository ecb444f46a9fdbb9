#pragma once

#include <string>
#include <string_view>

#include "directory/base/result.hpp"

namespace bascule {

/// An open file, which it closes.
class FileDescriptor {
  public:
    /// `flags` of open(2); O_CLOEXEC is added, and a file that is made is its owner's alone (0600).
    FileDescriptor(const std::string& path, int flags);
    ~FileDescriptor();
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;

    /// -1 when it could not be opened; errno says why.
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

/// Puts `bytes` into a file that only its owner may read: whole and on the disk, or not at all.
/// Replaces what is there. `unavailable`/"not_written" with the system's reason as detail.
[[nodiscard]] Status write_private_file(const std::string& path, std::string_view bytes);

}  // namespace bascule

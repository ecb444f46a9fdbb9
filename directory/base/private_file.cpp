#include "directory/base/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace bascule {
namespace {

tl::unexpected<Error> not_written(const std::string& aside) {
    const std::string reason = std::system_category().message(errno);
    ::unlink(aside.c_str());
    return fail(ErrorKind::unavailable, "not_written", reason);
}

bool put(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        bytes.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
    return ::fsync(descriptor) == 0;
}

}  // namespace

FileDescriptor::FileDescriptor(const std::string& path, int flags)
    : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}

FileDescriptor::~FileDescriptor() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Status write_private_file(const std::string& path, std::string_view bytes) {
    const std::string aside = path + ".new";
    ::unlink(aside.c_str());
    const FileDescriptor file(aside, O_WRONLY | O_CREAT | O_EXCL);
    if (file.get() < 0 || !put(file.get(), bytes) ||
        std::rename(aside.c_str(), path.c_str()) != 0) {
        return not_written(aside);
    }
    // The name too is on the disk only when its folder is.
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    const FileDescriptor opened(folder.string(), O_RDONLY | O_DIRECTORY);
    return opened.get() >= 0 && ::fsync(opened.get()) == 0 ? Status{} : not_written(aside);
}

}  // namespace bascule

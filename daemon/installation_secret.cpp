#include "daemon/installation_secret.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "directory/base/sealed_text.hpp"

namespace bascule::daemon {
namespace {

tl::unexpected<Error> unusable(const std::string& path, const std::string& why) {
    return fail(
        ErrorKind::unavailable, "secret_unusable",
        "The file " + path + " cannot be used: " + why + "."
    );
}

class File {
  public:
    File(const std::string& path, int flags)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
    ~File() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

Result<std::shared_ptr<const Secret>> read_secret(const File& file, const std::string& path) {
    std::array<char, Sealer::secret_size + 1> buffer{};
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size != static_cast<ssize_t>(Sealer::secret_size)) {
        return unusable(
            path, "it does not hold " + std::to_string(Sealer::secret_size) +
                      " bytes. Remove it and a new one is made; cursors that clients hold end"
        );
    }
    return std::make_shared<const Secret>(std::string(buffer.data(), Sealer::secret_size));
}

/// Written aside and renamed, so that a crash leaves no half file.
Result<std::shared_ptr<const Secret>> make_secret(const std::string& path) {
    auto secret = std::make_shared<const Secret>(Sealer::random_secret());
    const std::string aside = path + ".new";
    ::unlink(aside.c_str());
    const File file(aside, O_WRONLY | O_CREAT | O_EXCL);
    const std::string_view bytes = secret->reveal();
    if (file.get() < 0 ||
        ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::fsync(file.get()) != 0 || ::rename(aside.c_str(), path.c_str()) != 0) {
        return unusable(path, std::strerror(errno));
    }
    return secret;
}

}  // namespace

Result<std::shared_ptr<const Secret>> load_installation_secret(const std::string& database_path) {
    const std::string path =
        (std::filesystem::path(database_path).parent_path() / "installation.key").string();
    const File file(path, O_RDONLY);
    if (file.get() >= 0) {
        return read_secret(file, path);
    }
    return errno == ENOENT
               ? make_secret(path)
               : Result<std::shared_ptr<const Secret>>(unusable(path, std::strerror(errno)));
}

}  // namespace bascule::daemon

#include "daemon/installation_key.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "directory/base/private_file.hpp"
#include "directory/base/sealed_text.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::daemon {
namespace {

tl::unexpected<Error> unusable(const std::string& path, const std::string& why) {
    return fail(
        ErrorKind::unavailable, "installation_key",
        "The key of this installation, '" + path + "', cannot be used: " + why +
            ". Restore the file from the backup of the database. If it is lost, remove what is "
            "left of it; every client then needs a new secret."
    );
}

}  // namespace

Result<InstallationKey> InstallationKey::open(const std::string& database_path) {
    const std::string path =
        (std::filesystem::path(database_path).parent_path() / "installation.key").string();
    const FileDescriptor file(path, O_RDONLY);
    if (file.get() < 0 && errno == ENOENT) {
        Secret key = Sealer::random_secret();
        if (const Status written = write_private_file(path, key.reveal()); !written) {
            return unusable(path, written.error().detail);
        }
        return InstallationKey(std::move(key), true);
    }
    std::string bytes(Sealer::secret_size + 1, '\0');
    const ssize_t count = file.get() < 0 ? -1 : ::read(file.get(), bytes.data(), bytes.size());
    if (count < 0) {
        return unusable(path, std::system_category().message(errno));
    }
    if (count != static_cast<ssize_t>(Sealer::secret_size)) {
        return unusable(path, "it does not hold " + std::to_string(Sealer::secret_size) + " bytes");
    }
    bytes.pop_back();
    return InstallationKey(Secret(std::move(bytes)), false);
}

Secret InstallationKey::derive(std::string_view purpose) const {
    return Secret(selfservice::keyed_digest(key_.reveal(), purpose));
}

}  // namespace bascule::daemon

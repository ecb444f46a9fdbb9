#include "config/secret_reader.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "config/options.hpp"
#include "directory/base/private_file.hpp"
#include "directory/base/text.hpp"

namespace bascule::config {
namespace {

constexpr std::size_t size_limit = std::size_t{64} << 10;

auto refuse(std::string sentence) {
    return fail(ErrorKind::invalid_input, "invalid_secret", std::move(sentence));
}

auto not_here(std::string sentence) {
    return fail(ErrorKind::unavailable, "not_here", std::move(sentence));
}

std::string reason(int error) {
    return std::system_category().message(error);
}

Status check_file(int descriptor, const std::string& path) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) {
        return refuse("cannot read the secret file " + path + ": " + reason(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse("the secret file " + path + " is not a regular file");
    }
    if ((info.st_mode & S_IROTH) != 0) {
        return refuse("everybody may read the secret file " + path + "; run: chmod o= " + path);
    }
    if (static_cast<std::size_t>(info.st_size) > size_limit) {
        return refuse("the secret file " + path + " is larger than 64 KiB");
    }
    return {};
}

Result<std::string> read_file(const std::string& path) {
    const FileDescriptor file(path, O_RDONLY | O_NONBLOCK);
    if (file.get() < 0) {
        return refuse("cannot read the secret file " + path + ": " + reason(errno));
    }
    BASCULE_CHECK(check_file(file.get(), path));
    std::string text;
    // Grown in one step, so that no copy of the secret is left behind by a reallocation.
    text.reserve(size_limit + 1);
    std::array<char, 4096> buffer{};
    ssize_t count = 0;
    while ((count = ::read(file.get(), buffer.data(), buffer.size())) > 0 &&
           text.size() <= size_limit) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    explicit_bzero(buffer.data(), buffer.size());
    return text;
}

Result<std::string> read_env(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
        return not_here("the environment variable " + printable(name) + " is not set");
    }
    return std::string(value);
}

Result<std::string> read_credential(const std::string& name) {
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
        return refuse("a credential is named by a word without slashes");
    }
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0') {
        return not_here(
            "the credential " + printable(name) +
            " is given by systemd (LoadCredential=), and this process was not started by it"
        );
    }
    return read_file(std::string(folder) + "/" + name);
}

void drop_line_end(std::string& text) {
    if (text.ends_with('\n')) {
        text.pop_back();
        if (text.ends_with('\r')) {
            text.pop_back();
        }
    }
}

Result<std::string> fetch(SecretPlace place, const std::string& name) {
    switch (place) {
        case SecretPlace::file:
            return read_file(name);
        case SecretPlace::env:
            return read_env(name);
        case SecretPlace::credential:
            return read_credential(name);
    }
    return refuse("unknown place");
}

const char* key_of(SecretPlace place) {
    switch (place) {
        case SecretPlace::file:
            return "file";
        case SecretPlace::env:
            return "env";
        case SecretPlace::credential:
            return "credential";
    }
    return "";
}

}  // namespace

Result<SecretSetting> read_secret(SecretPlace place, const std::string& name) {
    BASCULE_TRY(std::string text, fetch(place, name));
    drop_line_end(text);
    if (text.empty()) {
        return refuse("the secret from " + std::string(key_of(place)) + " " + name + " is empty");
    }
    SecretSetting setting;
    setting.value = Secret(std::move(text));
    setting.origin = "{ " + std::string(key_of(place)) + ": " + yaml_text(name) + " }";
    setting.read_again = [place, name]() -> Result<Secret> {
        BASCULE_TRY(auto again, read_secret(place, name));
        return std::move(again.value);
    };
    return setting;
}

}  // namespace bascule::config

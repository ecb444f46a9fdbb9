#pragma once

#include <optional>
#include <string>

#include "config/settings.hpp"
#include "directory/base/result.hpp"

namespace bascule::config {

enum class SecretPlace { file, env, credential };

/// Fetches a secret: the content of a file, an environment variable, or a file in
/// $CREDENTIALS_DIRECTORY (systemd). One line end at the end is dropped. `invalid_secret` when
/// it is absent, empty, larger than 64 KiB or a file that everybody may read; `not_here` when the
/// variable or the credentials folder is not part of this process's environment.
[[nodiscard]] Result<SecretSetting> read_secret(SecretPlace place, const std::string& name);

}  // namespace bascule::config

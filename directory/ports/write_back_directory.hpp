#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/model/object.hpp"
#include "directory/ports/attribute_writer.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::directory {

/// What a mirrored source offers for the passwords of its users. The pointers outlive the request.
struct WriteBack {
    PasswordWriter* writer = nullptr;       ///< null when the source cannot write passwords
    PasswordVerifier* verifier = nullptr;   ///< null when people of this source do not sign in here
    bool password_enabled = false;          ///< the operator switched password write-back on
    std::string source_name;                ///< as configured: "corp"
    bool unlock_enabled = false;            ///< the operator lets accounts be unlocked from here
    AttributeWriter* attributes = nullptr;  ///< null when the source takes no attributes
};

/// Finds the directory behind a synced object. Thread-safe.
class WriteBackDirectory {
  public:
    virtual ~WriteBackDirectory() = default;
    /// Nothing when the source is no longer configured.
    [[nodiscard]] virtual std::optional<WriteBack> find(SourceId source) const = 0;
    /// Every configured source, in the order of the configuration.
    [[nodiscard]] virtual std::vector<WriteBack> all() const = 0;
};

}  // namespace bascule::directory

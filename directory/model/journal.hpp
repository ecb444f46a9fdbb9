#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/object.hpp"

namespace bascule::directory {

enum class ActorKind : std::uint8_t { system, source, user, token, operator_ };
enum class Outcome : std::uint8_t { success, refused, failed };

/// Who did it.
struct Actor {
    ActorKind kind = ActorKind::system;
    std::optional<Uuid> id;  ///< the user or token object
    std::string name;        ///< "mira", "entra", "corp", "root"
};

/// One record of what happened: audit log and outbox in one. Written in the transaction of the
/// change; a refusal is a record of its own. Field names follow the audit record of spec'd
/// self-service products.
struct JournalRecord {
    std::int64_t sequence = 0;  ///< set by the store, strictly rising
    Time time;                  ///< set by the store when zero
    Actor actor;
    std::string origin;    ///< "My Staff", "SCIM", "Sync", "CLI", "Sign-in"
    std::string activity;  ///< "Reset password (by admin)", "Add member to group", …
    Outcome outcome = Outcome::success;
    std::string reason;  ///< stable code when not success
    std::optional<Uuid> target;
    std::string target_type;     ///< "User"
    std::string target_display;  ///< as it was then
    std::string source_address;
    std::string request_id;
    std::vector<std::pair<std::string, std::string>> details;  ///< never a secret
};

struct JournalQuery {
    std::int64_t after = 0;  ///< exclusive
    std::size_t limit = 100;
    bool newest_first = false;
    std::string actor;     ///< exact actor name, empty for all
    std::string activity;  ///< exact activity, empty for all
    std::optional<Uuid> target;
};

}  // namespace bascule::directory

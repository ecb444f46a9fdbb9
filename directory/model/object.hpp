#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/registry.hpp"

namespace bascule::directory {

/// Internal row number; never leaves the process.
enum class Oid : std::int64_t {};

/// Which source masters an object; 0 is this product itself.
enum class SourceId : std::int32_t { local = 0 };

/// The narrow row of an object.
struct ObjectRow {
    Oid oid{};
    Uuid id;
    TypeId type{};
    SourceId source = SourceId::local;
    std::uint64_t version = 1;
    Time created;
    Time modified;
    std::optional<Time> deleted;
    /// How many edges start here (members of a group, 1 for a user with a manager).
    std::uint32_t references = 0;
    std::string display;  ///< what lists show: displayName or userName

    [[nodiscard]] bool is_synced() const { return source != SourceId::local; }
};

/// A row with its document. `body` is the SCIM wire text without meta, groups, members and manager:
/// {"schemas":[…],"id":"…",…}. For a synced object `local` holds the attributes kept here that the
/// mapping does not fill ({} members also present in body); empty when there are none.
struct Object {
    ObjectRow row;
    std::string body;
    std::string local;
};

struct Edge {
    EdgeKind kind;
    Oid source;
    Oid target;
    Time since;
};

}  // namespace bascule::directory

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/base/uuid.hpp"

namespace bascule::mirror {

/// The id of the object made from an entry: UUIDv5(UUIDv5(Bascule's name space, source name),
/// anchor bytes). A rebuilt mirror gives every client the same ids; nothing an administrator can
/// edit in the entry changes it.
[[nodiscard]] Uuid object_id(std::string_view source, const Uuid& anchor);

/// The same for many entries of one source: its name is hashed once.
class ObjectIds {
  public:
    explicit ObjectIds(std::string_view source);
    [[nodiscard]] Uuid of(const Uuid& anchor) const;

  private:
    Uuid name_space_;
};

/// Keys of references that wait for something else than a DN. They start with a byte no DN key
/// starts with. By user name (memberUid) and by anchor (a member that was removed and may return).
[[nodiscard]] std::string user_name_key(std::string_view user_name);
[[nodiscard]] std::string anchor_key(const Uuid& anchor);
/// The anchor or user name in such a key; nothing in a key of another sort.
[[nodiscard]] std::optional<Uuid> anchor_in_key(std::string_view key);
[[nodiscard]] std::optional<std::string_view> user_name_in_key(std::string_view key);

/// Under which entries wait to be looked at again, because an object of another source changed.
[[nodiscard]] std::string recheck_key();

/// Where an entry stands whose place was taken by another before its own move was heard of.
[[nodiscard]] std::string vacated_key(const Uuid& anchor);

}  // namespace bascule::mirror

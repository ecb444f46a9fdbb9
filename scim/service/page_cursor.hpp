#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/base/result.hpp"
#include "directory/base/sealed_text.hpp"
#include "directory/base/time.hpp"
#include "directory/query/filter.hpp"
#include "scim/service/list_request.hpp"

namespace bascule::scim {

/// Where a page of a list begins (RFC 9865). It travels through the client sealed, so the service
/// remembers nothing: any process of the installation continues any list.
struct PageCursor {
    Time issued;
    std::uint64_t count = 0;  ///< of the first request
    std::uint64_t total = 0;  ///< matches when the first page was made
    bool before = false;      ///< asks for the page that ends there
    std::string type;         ///< resource type of the object at the place
    directory::SortPosition position;
};

/// What a cursor is good for besides its place: the caller, the endpoint ("" for the root) and
/// everything that the request asks for.
[[nodiscard]] std::string cursor_binding(
    const access::Caller& caller, std::string_view endpoint, const ListRequest& request
);

/// The cursor as text; the reverse of parse_cursor().
[[nodiscard]] std::string write_cursor(const PageCursor& cursor);
/// Nothing when the bytes are no cursor.
[[nodiscard]] std::optional<PageCursor> parse_cursor(std::string_view bytes);

/// The cursor that a client brings. `invalid_cursor` when it was not made here for this caller and
/// this request, `expired_cursor` when it is older than `timeout`.
[[nodiscard]] Result<PageCursor> open_cursor(
    const Sealer& sealer, std::string_view sealed, std::string_view binding, Time now,
    std::chrono::seconds timeout
);

}  // namespace bascule::scim

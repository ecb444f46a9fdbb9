#pragma once

#include <nlohmann/json_fwd.hpp>

#include "directory/base/result.hpp"
#include "directory/model/journal.hpp"
#include "http/api/message.hpp"

namespace bascule::portal {

/// A journal record as the API and the operator's commands show it: sequence, time, origin,
/// activity, result, reason, actor {kind, id, name}, target {id, type, displayName}, sourceAddress,
/// requestId, modifiedProperties [{displayName, oldValue, newValue}, and at the end {more} where
/// some are left out], additionalDetails [{key, value}].
[[nodiscard]] nlohmann::ordered_json describe(const directory::JournalRecord& record);

/// Reads `after`, `limit` (1 to 1000), `order` (newest), `actor`, `activity` and `target` from the
/// query. Errors: `invalid_parameter`, `invalid_limit`, `invalid_uuid`.
[[nodiscard]] Result<directory::JournalQuery> journal_query(const http::Request& request);

}  // namespace bascule::portal

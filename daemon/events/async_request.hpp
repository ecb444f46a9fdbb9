#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/model/journal.hpp"
#include "directory/model/object.hpp"
#include "http/api/message.hpp"

namespace bascule::daemon {

/// A request that was accepted to be answered later, as the store keeps it. It never carries a
/// password.
struct AsyncRequest {
    Uuid id;      ///< the transaction (`Set-Txn`)
    Uuid client;  ///< the token that sent it
    std::string client_name;
    std::string source_address;
    http::Request request;      ///< its text is dropped once it is answered
    std::int64_t sequence = 0;  ///< of the journal when it came
    Time accepted;
    std::optional<Time> completed;
    /// What the completion events tell, one for each operation.
    std::vector<directory::JournalRecord> results;
};

[[nodiscard]] std::string async_request_body(const AsyncRequest& request);
/// `internal`/"broken_request" when the stored text cannot be read.
[[nodiscard]] Result<AsyncRequest> async_request_of(const directory::Object& object);

/// Whether a body may hold a password: anything that names one, or cannot be read.
[[nodiscard]] bool may_carry_password(const std::string& body);

/// The journal records that tell the answer to the client: one, or one for each operation of a bulk
/// request.
[[nodiscard]] std::vector<directory::JournalRecord> completion_records(
    const AsyncRequest& request, const http::Response& response
);

/// The answer that a change which was carried out before a crash would have got.
[[nodiscard]] http::Response answer_after_crash(
    const AsyncRequest& request, const directory::JournalRecord& record,
    const std::string& public_url
);

}  // namespace bascule::daemon

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scim/service/bulk_request.hpp"
#include "scim/service/engine.hpp"
#include "scim/service/resource_write.hpp"

namespace bascule::scim {

/// One operation of a bulk request, with all that can be known of it before a transaction. Never
/// copied or moved: what it holds refers to itself.
struct PlannedOperation {
    PlannedOperation() = default;
    PlannedOperation(const PlannedOperation&) = delete;
    PlannedOperation& operator=(const PlannedOperation&) = delete;

    BulkOperation* sent = nullptr;
    const TypeView* view = nullptr;  ///< null when the path names no type
    http::Request request;           ///< the operation as a request of its own
    std::optional<Call> call;
    std::optional<Uuid> new_id;            ///< of a POST
    std::vector<std::size_t> needs;        ///< POSTs that must come first
    std::vector<std::size_t> names;        ///< POSTs whose objects it links to; they may come later
    std::optional<Error> refusal;          ///< why it is not even tried
    std::unique_ptr<ResourceWrite> write;  ///< null when there is a refusal
};

/// A bulk request worked out: every POST has its id, every reference is an id.
struct BulkPlan {
    std::vector<std::unique_ptr<PlannedOperation>> operations;  ///< as sent
    /// The sequence of execution: as sent, but what needs a later POST follows it at once.
    std::vector<std::size_t> order;
};

/// Plans the operations; the request, engine and call outlive the plan. Scopes are checked here.
[[nodiscard]] BulkPlan plan_bulk(
    const Engine& engine, const Call& call, BulkRequest& request, PreferredReturn representation
);

}  // namespace bascule::scim

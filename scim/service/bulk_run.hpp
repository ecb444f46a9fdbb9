#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scim/service/bulk_plan.hpp"

namespace bascule::scim {

/// What became of one operation.
struct BulkOutcome {
    bool was_run = false;  ///< false when the run ended before it
    std::optional<Error> error;
    int status = 0;             ///< of success
    std::uint64_t version = 0;  ///< 0: there is none
    std::string resource;       ///< the resource as it was after the operation, when asked for
};

/// How a planned bulk request is carried out.
struct BulkMode {
    std::size_t fail_on_errors = 0;  ///< the run ends after so many failed operations
    bool dry_run = false;
};

/// Carries the operations out, each all or nothing, many in one transaction so that they share its
/// commit. An operation may link to an object that a later one creates; when that one fails, this
/// one does too, and nothing of it stays. Outcomes are as sent.
[[nodiscard]] std::vector<BulkOutcome> run_bulk(
    const Engine& engine, BulkPlan& plan, const BulkMode& mode
);

}  // namespace bascule::scim

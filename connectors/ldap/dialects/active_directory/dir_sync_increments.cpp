#include "connectors/ldap/dialects/active_directory/dir_sync_increments.hpp"

#include <ldap.h>

#include <utility>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dialects/active_directory/entry_reader.hpp"
#include "connectors/ldap/dialects/active_directory/member_values.hpp"
#include "connectors/ldap/errors.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::SourceEntry;

constexpr const char* everything = "(objectClass=*)";
// What no object has: the answer is only the cookie of the present state.
constexpr const char* nothing =
    "(objectGUID=\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00)";

Delta read_delta(const SourceEntry& entry, const Uuid& anchor) {
    Delta delta;
    delta.anchor = anchor;
    const auto& deleted = entry.values("isDeleted");
    delta.deleted = !deleted.empty() && equals_ignoring_ascii_case(deleted.front(), "TRUE");
    delta.created = !entry.values("objectClass").empty();
    delta.renamed = !entry.values("name").empty() && !delta.created;
    delta.primary_group = !entry.values("primaryGroupID").empty();
    delta.members = member_change_in(entry, anchor);
    return delta;
}

}  // namespace

Error position_rejected(std::string context) {
    return Error{
        ErrorKind::conflict,
        "cookie_rejected",
        "The domain controller cannot continue from where the last run ended; everything is read "
        "again.",
        {},
        std::move(context),
        {}};
}

DirSyncIncrements::DirSyncIncrements(
    Connection& connection, const Controller& controller, std::vector<std::string> attributes,
    std::chrono::milliseconds patience
)
    : connection_(connection),
      controller_(controller),
      attributes_(std::move(attributes)),
      patience_(patience) {}

Error DirSyncIncrements::failure(const Outcome& outcome) const {
    auto error = error_from_result(
        outcome.code, outcome.diagnostic, "asking for changes of " + controller_.naming_context
    );
    const bool limit = error.code == "directory_limit" || error.kind == ErrorKind::unavailable;
    if (!proved_ && !limit) {
        return position_rejected(std::move(error.context));
    }
    if (outcome.code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION ||
        outcome.code == LDAP_INSUFFICIENT_ACCESS || outcome.code == LDAP_UNWILLING_TO_PERFORM) {
        error.kind = ErrorKind::forbidden;
        error.code = "sync_unsupported";
        error.detail =
            "The domain controller does not give its changes (DirSync) for this base. The base "
            "must be in a domain that this server holds, on port 389 or 636 and not the global "
            "catalogue's.";
    }
    return error;
}

Result<std::vector<Delta>> DirSyncIncrements::read(std::string& cookie, const std::string& filter) {
    SearchRequest request;
    request.base = controller_.naming_context;
    request.scope = SearchScope::subtree;
    request.filter = filter;
    request.attributes = attributes_;
    std::vector<Delta> deltas;
    const auto take = [&](const SourceEntry& entry) -> Status {
        if (const auto anchor = anchor_of(entry)) {
            deltas.push_back(read_delta(entry, *anchor));
        }
        return {};
    };
    while (true) {
        const std::vector<Control> controls{
            {dir_sync_oid, encode_dir_sync_request(cookie), true},
            {extended_dn_oid, std::string(extended_dn_text), false}};
        BASCULE_TRY(
            const auto end, search_with_controls(connection_, request, controls, patience_, take)
        );
        if (!end.outcome.success()) {
            return fail(failure(end.outcome));
        }
        BASCULE_TRY(auto answer, decode_dir_sync_answer(end.control(dir_sync_oid)));
        cookie = std::move(answer.cookie);
        proved_ = true;
        if (!answer.more) {
            return deltas;
        }
    }
}

Result<std::vector<Delta>> DirSyncIncrements::read(std::string& cookie) {
    return read(cookie, everything);
}

Result<std::string> DirSyncIncrements::position() {
    proved_ = true;
    std::string cookie;
    BASCULE_TRY([[maybe_unused]] const auto none, read(cookie, nothing));
    return cookie;
}

}  // namespace bascule::ldap

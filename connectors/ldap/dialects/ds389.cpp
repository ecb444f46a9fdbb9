// 389 Directory Server: content synchronisation over the retro changelog, passwords by exop and
// modify under its own policy.
#include "connectors/ldap/dialects/ds389.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <charconv>
#include <optional>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/dialects/ds389/passwords.hpp"
#include "connectors/ldap/dialects/parts.hpp"
#include "connectors/ldap/plain_inspector.hpp"
#include "connectors/ldap/sync_repl_feed.hpp"

namespace bascule::ldap {
namespace {

/// A number of the root entry; nothing when it is not there.
std::optional<std::uint64_t> number(const directory::SourceEntry& root, std::string_view name) {
    const auto& values = root.values(name);
    std::uint64_t number = 0;
    if (values.empty()) {
        return std::nullopt;
    }
    const auto& text = values.front();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = problem == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

/// The log is cut off at its old end without a word, and a log that does not hold targetUniqueId
/// tells nothing although it goes on. The root entry says from where to where it goes.
Result<bool> log_tells_all(
    Connection& connection, const SyncCookie& sent, bool told, Deadline deadline
) {
    SearchRequest request;
    request.attributes = {"firstchangenumber", "lastchangenumber"};
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    const auto root = entries.empty() ? directory::SourceEntry() : entries.front();
    const auto first = number(root, "firstchangenumber");
    const auto last = number(root, "lastchangenumber");
    const bool reaches_back = first && *first <= sent.number() + 1;
    return reaches_back && (told || sent.proven() || (last && *last == sent.number()));
}

/// The stream's place in the log, with the number of the log's newest change.
Result<SyncCookie> newest_number(
    Connection& connection, const std::string& base, const SyncCookie& own, Deadline deadline
) {
    static_cast<void>(base);
    SearchRequest request;
    request.attributes = {"lastchangenumber"};
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    const auto last = entries.empty() ? std::nullopt : number(entries.front(), "lastchangenumber");
    if (!last || own.empty()) {
        return SyncCookie();
    }
    return SyncCookie::parse_numbered(fmt::format("{}#{}", own.stamps().begin()->first, *last));
}

/// Whether a refresh from `own` tells nothing: the log counts the changes of other bases, too.
Result<bool> tells_nothing(
    Connection& connection, const SearchRequest& scope, const SyncCookie& own, Deadline deadline
) {
    BASCULE_TRY(
        const int id, connection.start_sync(scope, own.to_string(0), SyncMode::refresh_only)
    );
    while (true) {
        BASCULE_TRY(const auto message, connection.next_message(id, deadline));
        if (message == nullptr) {
            return fail(
                ErrorKind::timeout, "directory_silent", "The directory server does not answer."
            );
        }
        if (ldap_msgtype(message.get()) == LDAP_RES_SEARCH_RESULT) {
            // A cookie that is refused is for the stream itself to find out.
            BASCULE_TRY(const auto outcome, connection.outcome_of(message.get()));
            return outcome.success();
        }
        ldap_abandon_ext(connection.handle(), id, nullptr, nullptr);
        return false;
    }
}

}  // namespace

SyncDialect ds389_sync() {
    SyncDialect dialect;
    dialect.name = "389ds";
    dialect.anchor_attribute = "nsUniqueId";
    dialect.anchor_text = &ns_unique_id_text;
    dialect.stamp_attribute = "modifyTimestamp";
    dialect.parse_cookie = &SyncCookie::parse_numbered;
    dialect.has_present_phase = false;
    // It sends every user attribute and no operational one, whatever is asked for.
    dialect.whole_entries_in_refresh = false;
    dialect.silent_at_limits = true;
    dialect.portable_cookie = false;
    dialect.remembers = &log_tells_all;
    dialect.polls_when_full = true;
    dialect.newest = &newest_number;
    dialect.nothing_missed = &tells_nothing;
    dialect.limit_advice =
        "Set nsSizeLimit, nsLookThroughLimit and nsTimeLimit of the account's entry to -1.";
    dialect.support_advice =
        "On 389 Directory Server switch on the plug-ins Content Synchronization and Retro "
        "Changelog and restart it.";
    return dialect;
}

const Mapping& ds389_mapping() {
    static const Mapping mapping = [] {
        Mapping made = default_mapping();
        for (auto* kind : {&made.users, &made.groups}) {
            for (auto& rule : kind->rules) {
                if (rule.target == "externalId") {
                    rule.from = {"nsUniqueId"};
                }
                if (rule.target == "active") {
                    rule = rule_from("active", {"nsAccountLock"});
                    rule.is_not = {"true"};
                }
            }
        }
        return made;
    }();
    return mapping;
}

Result<DialectParts> make_ds389_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
) {
    DialectParts parts;
    BASCULE_TRY(parts.mapper, Mapper::compile(options.mapping, registry, ds389_mapping()));
    SyncReplOptions feed;
    feed.connection = options.connection;
    feed.base = options.base;
    feed.attributes = parts.mapper->wanted_attributes();
    feed.heartbeat = options.heartbeat;
    feed.poll = options.polling.interval;
    feed.dialect = ds389_sync();
    parts.feed = std::make_unique<SyncReplFeed>(work, std::move(feed));
    InspectorOptions look{options.connection, options.base, parts.mapper->wanted_attributes()};
    look.anchor_attribute = ds389_sync().anchor_attribute;
    look.anchor_text = ds389_sync().anchor_text;
    look.stamp_attribute = ds389_sync().stamp_attribute;
    parts.inspector = std::make_unique<PlainInspector>(work, std::move(look));
    parts.writer = std::make_unique<Ds389PasswordWriter>(work);
    parts.verifier = std::make_unique<Ds389PasswordVerifier>(work);
    return parts;
}

}  // namespace bascule::ldap

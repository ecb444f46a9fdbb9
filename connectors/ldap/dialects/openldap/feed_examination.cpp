#include "connectors/ldap/dialects/openldap/feed_examination.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <charconv>

#include "connectors/ldap/controls.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;
using directory::SourceEntry;

constexpr std::size_t short_session_log = 10'000;

class Feed {
  public:
    Feed(const Examined& examined, const Database& database)
        : examined_(examined), database_(database) {}

    void examine() {
        examine_feed();
        examine_session_log();
        examine_indexes();
    }

  private:
    /// A critical synchronisation of one entry: the root entry lists the control also when our
    /// database has no syncprov.
    void examine_feed() {
        SearchRequest request;
        request.base = examined_.base();
        request.attributes = {"entryUUID", "entryCSN"};
        bool stamped = false;
        const auto end = search_with_controls(
            examined_.connection, request,
            {{LDAP_CONTROL_SYNC, encode_sync_request(SyncMode::refresh_only, {}), true}},
            examined_.patience(),
            [&stamped](const SourceEntry& entry) -> Status {
                stamped = !entry.csn.empty();
                return {};
            }
        );
        const std::string subject = "change feed (RFC 4533)";
        if (!end || !end->outcome.success()) {
            examined_.findings.bad(
                "change_feed", subject,
                end ? fmt::format(
                          "refused for this base: {} {}", end->outcome.code,
                          printable(end->outcome.diagnostic)
                      )
                    : printable(end.error().context),
                {"Load the overlay syncprov on the database that holds the base, after its other "
                 "overlays. In slapd.conf:",
                 {"overlay syncprov", "syncprov-checkpoint 100 10", "syncprov-sessionlog 10000"}}
            );
            return;
        }
        if (!stamped || !examined_.meets(examined_.base(), "(entryUUID=*)")) {
            examined_.findings.bad(
                "change_feed", subject, "works, but entryUUID or entryCSN cannot be read",
                database_.access({examined_.base(), {"entry", "entryUUID", "entryCSN"}}, "read")
            );
            return;
        }
        examined_.findings.good("change_feed", subject, "syncprov answers for this base");
    }

    void examine_session_log() {
        const std::string subject = "session log";
        if (database_.provider().dn.empty()) {
            examined_.findings.good(
                "session_log", subject,
                database_.readable() ? "no syncprov overlay on this database"
                                     : "cn=config cannot be read, so its size is not known"
            );
            return;
        }
        const auto& provider = database_.provider();
        if (const auto log = provider.first_value("olcSpSessionlogSource"); !log.empty()) {
            examined_.findings.good("session_log", subject, "kept in " + log);
            return;
        }
        const auto& sizes = provider.values("olcSpSessionlog");
        const std::string text(sizes.empty() ? "0" : sizes.front());
        std::size_t size = 0;
        std::from_chars(text.data(), text.data() + text.size(), size);
        if (size >= short_session_log) {
            examined_.findings.good("session_log", subject, text + " operations");
            return;
        }
        examined_.findings.advise(
            "session_log", subject, text + " operations",
            {"Raise it to 10000: when more happens while Bascule is away, the next connection "
             "compares all identifiers. For ldapmodify as the administrator of cn=config:",
             {"dn: " + provider.dn, "changetype: modify", "replace: olcSpSessionlog",
              "olcSpSessionlog: 10000"}}
        );
    }

    void examine_indexes() {
        const std::string subject = "indexes entryUUID, entryCSN";
        if (!database_.readable()) {
            examined_.findings.good(
                "indexes", subject,
                "cn=config cannot be read; there should be: index entryUUID,entryCSN eq"
            );
            return;
        }
        std::vector<std::string> missing;
        for (const std::string_view name : {"entryUUID", "entryCSN"}) {
            const auto& lines = database_.settings().values("olcDbIndex");
            if (std::ranges::none_of(lines, [&](std::string_view line) {
                    const auto names = fmt::format(",{},", line.substr(0, line.find(' ')));
                    return names.find(fmt::format(",{},", name)) != std::string::npos;
                })) {
                missing.emplace_back(name);
            }
        }
        if (missing.empty()) {
            examined_.findings.good("indexes", subject, "there");
            return;
        }
        Remedy remedy{
            "Every start of the feed reads all entries without. For ldapmodify as the "
            "administrator of cn=config:",
            {"dn: " + database_.dn(), "changetype: modify", "add: olcDbIndex"}};
        for (const auto& name : missing) {
            remedy.lines.push_back("olcDbIndex: " + name + " eq");
        }
        examined_.findings.advise("indexes", subject, "missing: " + joined(missing), remedy);
    }

    const Examined& examined_;
    const Database& database_;
};

}  // namespace

void examine_openldap_feed(const Examined& examined, const Database& database) {
    Feed(examined, database).examine();
}

}  // namespace bascule::ldap

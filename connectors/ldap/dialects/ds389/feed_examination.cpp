#include "connectors/ldap/dialects/ds389/feed_examination.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>

#include "connectors/ldap/dialects/ds389/access_rights.hpp"
#include "connectors/ldap/dn.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;
using directory::SourceEntry;

constexpr const char* changelog_plugin = "cn=Retro Changelog Plugin,cn=plugins,cn=config";

class Feed {
  public:
    explicit Feed(const Examined& examined) : examined_(examined) {}

    void examine() {
        examine_feed();
        examine_changelog();
        examine_indexes();
    }

  private:
    /// Starts the real thing for one entry and ends it, which also finds that no further stream is
    /// accepted.
    void examine_feed() {
        SearchRequest request;
        request.base = examined_.base();
        request.attributes = {"1.1"};
        const std::string subject = "change feed (RFC 4533)";
        auto options = examined_.options.source.connection;
        options.servers = {examined_.connection.server()};
        auto connection = Connection::open_bound(options, examined_.soon());
        if (!connection) {
            examined_.findings.bad("change_feed", subject, connection.error().detail, {});
            return;
        }
        const auto refusal = try_feed(*connection, request);
        if (refusal.empty()) {
            examined_.findings.good("change_feed", subject, "content synchronisation is accepted");
            return;
        }
        examined_.findings.bad("change_feed", subject, "refused: " + refusal, feed_remedy(refusal));
    }

    /// Empty when entries began to come.
    [[nodiscard]] std::string try_feed(Connection& connection, const SearchRequest& request) const {
        const auto id = connection.start_sync(request, {});
        if (!id) {
            return id.error().context;
        }
        const auto message = connection.next_message(*id, examined_.soon());
        if (!message) {
            return message.error().context;
        }
        if (!*message) {
            return "no answer";
        }
        if (ldap_msgtype(message->get()) != LDAP_RES_SEARCH_RESULT) {
            ldap_abandon_ext(connection.handle(), *id, nullptr, nullptr);
            return {};
        }
        const auto outcome = connection.outcome_of(message->get());
        if (!outcome) {
            return outcome.error().context;
        }
        return outcome->success()
                   ? std::string()
                   : fmt::format("{} {}", outcome->code, printable(outcome->diagnostic));
    }

    [[nodiscard]] Remedy feed_remedy(const std::string& refusal) const {
        if (refusal.find("active synchronization sessions") != std::string::npos) {
            return {
                "The server serves ten streams at most; end another program's. The number is "
                "nsslapd-syncMaxConcurrent in cn=Content Synchronization,cn=plugins,cn=config.",
                {}};
        }
        if (refusal.starts_with("50")) {
            return aci_remedy(
                examined_, "Let the account use the control.",
                "oid=1.3.6.1.4.1.4203.1.9.1.1,cn=features,cn=config", "*", "bascule synchronises",
                "allow (read,search)"
            );
        }
        return {
            "Switch the plug-ins on and restart the server (INSTANCE is its name):",
            {"dsconf INSTANCE plugin retro-changelog enable",
             "dsconf INSTANCE plugin retro-changelog set --attribute nsuniqueid:targetUniqueId",
             "dsconf INSTANCE plugin retro-changelog set --max-age 14d",
             "dsconf INSTANCE plugin contentsync enable", "dsctl INSTANCE restart"}};
    }

    void examine_changelog() {
        const std::string subject = "retro changelog";
        const std::string last = examined_.root.first_value("lastchangenumber");
        if (last.empty()) {
            examined_.findings.advise(
                "changelog", subject, "the root entry does not tell its change numbers",
                {"Without them every connection reads everything. Let the account read "
                 "firstchangenumber and lastchangenumber of the root entry.",
                 {}}
            );
            return;
        }
        const std::string range =
            fmt::format("changes {} to {}", examined_.root.first_value("firstchangenumber"), last);
        const auto plugin = examined_.look_at(
            changelog_plugin,
            {"nsslapd-attribute", "nsslapd-changelogmaxage", "nsslapd-pluginEnabled"}
        );
        if (plugin.values("nsslapd-pluginEnabled").empty()) {
            examined_.findings.good(
                "changelog", subject,
                range +
                    "; its settings cannot be read: there should be nsuniqueid:targetUniqueId "
                    "and a max-age of 14d"
            );
            return;
        }
        examine_changelog_settings(plugin, range);
    }

    void examine_changelog_settings(const SourceEntry& plugin, const std::string& range) {
        const std::string subject = "retro changelog";
        const auto& attributes = plugin.values("nsslapd-attribute");
        if (std::ranges::none_of(attributes, [](std::string_view one) {
                return to_ascii_lower(one).starts_with("nsuniqueid:");
            })) {
            examined_.findings.bad(
                "changelog", subject, range + ", without targetUniqueId",
                {"The server then accepts a cookie and tells none of the changes since; every "
                 "connection reads everything. For ldapmodify as Directory Manager, then a "
                 "restart:",
                 {"dn: " + std::string(changelog_plugin), "changetype: modify",
                  "add: nsslapd-attribute", "nsslapd-attribute: nsuniqueid:targetUniqueId"}}
            );
            return;
        }
        const std::string age = plugin.first_value("nsslapd-changelogmaxage");
        examined_.findings.good(
            "changelog", subject, range + ", kept for " + (age.empty() ? "ever" : age)
        );
    }

    /// Of the backend that holds the base; empty when the account may not read it.
    [[nodiscard]] std::string backend() const {
        std::string found;
        std::size_t longest = 0;
        for (const auto& node : examined_.look(
                 "cn=mapping tree,cn=config", SearchScope::subtree, "(nsslapd-backend=*)",
                 {"cn", "nsslapd-backend"}
             )) {
            const auto suffix = dn_key_or_raw(node.first_value("cn"));
            if (suffix.size() > longest &&
                is_at_or_below(dn_key_or_raw(examined_.base()), suffix)) {
                longest = suffix.size();
                found = node.first_value("nsslapd-backend");
            }
        }
        return found;
    }

    [[nodiscard]] static std::string indexes_of(const std::string& backend) {
        return fmt::format("cn=index,cn={},cn=ldbm database,cn=plugins,cn=config", backend);
    }

    /// Whether values of the attribute are indexed for equality; nothing when that cannot be read.
    [[nodiscard]] std::optional<bool> is_indexed(
        const std::string& backend, const std::string& attribute
    ) const {
        auto indexes = examined_.look(
            indexes_of(backend), SearchScope::subtree, "(objectClass=nsIndex)",
            {"cn", "nsIndexType"}
        );
        std::erase_if(indexes, [](const SourceEntry& index) {
            return index.values("cn").empty() || index.values("nsIndexType").empty();
        });
        if (indexes.empty()) {
            return std::nullopt;
        }
        return std::ranges::any_of(indexes, [&](const SourceEntry& index) {
            return equals_ignoring_ascii_case(index.first_value("cn"), attribute) &&
                   std::ranges::any_of(index.values("nsIndexType"), [](std::string_view type) {
                       return equals_ignoring_ascii_case(type, "eq");
                   });
        });
    }

    /// Changed entries are read by nsUniqueId, by Bascule and by the server itself.
    void examine_indexes() {
        const std::string subject = "index nsUniqueId";
        const auto holder = backend();
        const auto indexed = holder.empty() ? std::nullopt : is_indexed(holder, "nsUniqueId");
        if (!indexed) {
            examined_.findings.good(
                "indexes", subject,
                "cn=config cannot be read; the server has it unless somebody removed it"
            );
            return;
        }
        if (*indexed) {
            examined_.findings.good("indexes", subject, "there");
            return;
        }
        // The index, and the task that fills it.
        examined_.findings.advise(
            "indexes", subject, "missing",
            {"Every change that is told after an interruption is a search of everything without. "
             "For ldapmodify as Directory Manager:",
             {"dn: cn=nsUniqueId," + indexes_of(holder), "changetype: add", "objectClass: top",
              "objectClass: nsIndex", "cn: nsUniqueId", "nsSystemIndex: false", "nsIndexType: eq",
              "", "dn: cn=index nsUniqueId,cn=index,cn=tasks,cn=config", "changetype: add",
              "objectClass: extensibleObject", "cn: index nsUniqueId", "nsInstance: " + holder,
              "nsIndexAttribute: nsUniqueId:eq"}}
        );
    }

    const Examined& examined_;
};

}  // namespace

void examine_ds389_feed(const Examined& examined) {
    Feed(examined).examine();
}

}  // namespace bascule::ldap

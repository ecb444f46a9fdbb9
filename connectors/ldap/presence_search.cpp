#include "connectors/ldap/presence_search.hpp"

#include <utility>

namespace bascule::ldap {

using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {
constexpr std::size_t portion = 1000;
}  // namespace

PresenceSearch::PresenceSearch(ConnectionOptions options, SearchRequest scope, std::stop_token stop)
    : options_(std::move(options)), scope_(std::move(scope)), stop_(std::move(stop)) {
    scope_.attributes = {"entryUUID"};
}

Result<bool> PresenceSearch::read(const Take& take) {
    const auto deadline =
        steady_clock::now() + options_.network_timeout + options_.operation_timeout;
    BASCULE_TRY(auto connection, Connection::open_bound(options_, deadline, stop_));
    std::vector<Uuid> anchors;
    bool all_named = true;
    const auto each = [&](const SourceEntry& entry) -> Status {
        const auto values = entry.values("entryUUID");
        if (values.empty()) {
            all_named = false;
            return {};
        }
        BASCULE_TRY(const auto anchor, parse_uuid(values.front()));
        anchors.push_back(anchor);
        return anchors.size() < portion ? Status() : take(std::exchange(anchors, {}));
    };
    BASCULE_TRY(
        const auto references, connection.search_each(scope_, options_.operation_timeout, each)
    );
    BASCULE_CHECK(take(anchors));
    return all_named && references == 0;
}

}  // namespace bascule::ldap

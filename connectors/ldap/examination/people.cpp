#include "connectors/ldap/examination/people.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dn.hpp"

namespace bascule::ldap {
namespace {

using directory::SourceEntry;

constexpr std::size_t most_people = 2'000;
constexpr std::size_t most_entries = 300;
constexpr std::size_t most_groups = 50;
constexpr std::size_t most_containers = 100;
constexpr std::size_t most_of_container = 5;
constexpr std::uint32_t page_size = 500;

/// Hands over at most `most` entries and leaves the rest with the server. What stops the search
/// early, a limit of the account too, is not told here.
void read_some(
    Connection& connection, const PeopleSearch& search, SearchRequest request, std::size_t most,
    const std::function<void(SourceEntry)>& take
) {
    std::size_t count = 0;
    const auto counted = [&](SourceEntry entry) -> Status {
        take(std::move(entry));
        return ++count < most ? Status() : fail(ErrorKind::conflict, "enough", "");
    };
    const auto end = search.paged
                         ? search_paged(
                               connection, request, {},
                               static_cast<std::uint32_t>(std::min<std::size_t>(most, page_size)),
                               search.patience, counted
                           )
                         : search_with_controls(connection, request, {}, search.patience, counted);
    static_cast<void>(end);
}

class Census {
  public:
    Census(Connection& connection, const PeopleSearch& search)
        : connection_(connection), search_(search) {}

    People take() {
        SearchRequest request = below(search_.base, search_.users);
        request.attributes = search_.attributes;
        read_some(connection_, search_, request, most_people, [this](SourceEntry entry) {
            add(entry);
            if (people_.entries.size() < most_entries) {
                people_.entries.push_back(std::move(entry));
            }
        });
        request.filter = search_.groups;
        read_some(connection_, search_, request, most_groups, [this](SourceEntry entry) {
            people_.entries.push_back(std::move(entry));
        });
        visit_units();
        return std::move(people_);
    }

  private:
    [[nodiscard]] static SearchRequest below(const std::string& base, const std::string& filter) {
        SearchRequest request;
        request.base = base;
        request.scope = SearchScope::subtree;
        request.filter = filter;
        request.attributes = {"1.1"};
        return request;
    }

    void add(const SourceEntry& entry) {
        ++people_.count;
        const std::string container = parent_dn(entry.dn);
        const auto [place, is_new] =
            known_.emplace(dn_key_or_raw(container), people_.containers.size());
        if (is_new && people_.containers.size() < most_containers) {
            people_.containers.push_back({container, {}});
        }
        if (place->second < people_.containers.size()) {
            auto& people = people_.containers[place->second].people;
            if (people.size() < most_of_container) {
                people.push_back(entry.dn);
            }
        }
    }

    /// In a large directory the first people may all stand in one unit.
    void visit_units() {
        if (people_.count < most_people) {
            return;
        }
        std::vector<std::string> units;
        read_some(
            connection_, search_,
            below(search_.base, "(|(objectClass=organizationalUnit)(objectClass=container))"),
            most_containers, [&units](const SourceEntry& unit) { units.push_back(unit.dn); }
        );
        for (const auto& unit : units) {
            if (!known_.contains(dn_key_or_raw(unit))) {
                read_some(
                    connection_, search_, below(unit, search_.users), 1,
                    [this](const SourceEntry& entry) { add(entry); }
                );
            }
        }
    }

    Connection& connection_;
    const PeopleSearch& search_;
    People people_;
    std::map<std::string, std::size_t> known_;
};

}  // namespace

std::string parent_dn(const std::string& dn) {
    bool quoted = false;
    for (std::size_t i = 0; i < dn.size(); ++i) {
        if (dn[i] == '\\') {
            ++i;
        } else if (dn[i] == '"') {
            quoted = !quoted;
        } else if (dn[i] == ',' && !quoted) {
            const auto begin = dn.find_first_not_of(' ', i + 1);
            return begin == std::string::npos ? std::string() : dn.substr(begin);
        }
    }
    return {};
}

std::string common_ancestor(const std::vector<std::string>& containers) {
    if (containers.empty()) {
        return {};
    }
    std::string ancestor = containers.front();
    const auto holds = [](const std::string& above, const std::string& below) {
        return is_at_or_below(dn_key_or_raw(below), dn_key_or_raw(above));
    };
    while (!ancestor.empty() && !std::ranges::all_of(containers, [&](const std::string& container) {
        return holds(ancestor, container);
    })) {
        ancestor = parent_dn(ancestor);
    }
    return ancestor;
}

People find_people(Connection& connection, const PeopleSearch& search) {
    return Census(connection, search).take();
}

}  // namespace bascule::ldap

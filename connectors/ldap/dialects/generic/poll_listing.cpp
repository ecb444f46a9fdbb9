// What only a listing of everything can tell: which entries are gone, and which differ although
// their stamps are old.
#include <algorithm>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/dialects/generic/poll_run.hpp"
#include "connectors/ldap/dialects/generic/time_stamps.hpp"
#include "connectors/ldap/filter_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::AbsenceProof;
using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t portion = 1000;
// With more it is quicker to read everything.
constexpr std::size_t most_single_reads = 10'000;
constexpr std::size_t most_single_looks = 1000;

}  // namespace

Result<PollRun::Listing> PollRun::list(std::vector<std::pair<Uuid, std::string>>* differing) {
    Listing listed;
    std::vector<Uuid> anchors;
    BASCULE_CHECK(search(request_for({modified, created}), [&](SourceEntry entry) -> Status {
        listed.insert(entry.anchor);
        if (differing != nullptr && !known_.is_as_listed(entry)) {
            differing->emplace_back(entry.anchor, entry.dn);
        }
        anchors.push_back(entry.anchor);
        return anchors.size() < portion ? Status() : sink_.present(std::exchange(anchors, {}));
    }));
    BASCULE_CHECK(sink_.present(anchors));
    return listed;
}

Status PollRun::audit() {
    const auto began = steady_clock::now();
    audit_wanted_ = false;
    references_ = 0;
    std::vector<std::pair<Uuid, std::string>> differing;
    BASCULE_TRY(const auto first, list(&differing));
    auto missing = known_.without([&](const Uuid& anchor) { return first.contains(anchor); });
    BASCULE_CHECK(confirm_missing(missing));
    if (differing.size() > most_single_reads) {
        BASCULE_CHECK(read_everything());
        differing.clear();
    }
    for (const auto& [anchor, dn] : differing) {
        BASCULE_CHECK(read_one(anchor, dn));
    }
    for (const auto& anchor : missing) {
        known_.forget(anchor);
    }
    const bool proven = references_ == 0 && !first.empty();
    const auto proof = proven ? AbsenceProof::present_phase : AbsenceProof::none;
    BASCULE_CHECK(confirm([&](const std::string& token) { return sink_.refresh_done(proof, token); }
    ));
    last_audit_ = steady_clock::now();
    audit_cost_ = last_audit_ - began;
    return {};
}

/// Pages are no snapshot: what moves meanwhile may be in none of them. So each that is missing is
/// looked for, or everything is listed once more where there are many or no filter names them.
Status PollRun::confirm_missing(std::vector<Uuid>& missing) {
    if (missing.empty()) {
        return {};
    }
    Listing found;
    if (equals_ignoring_ascii_case(anchor_, usual_anchors.front()) &&
        missing.size() <= most_single_looks) {
        for (const auto& anchor : missing) {
            auto request = request_for({modified, created});
            request.filter = FilterText::equal(anchor_, anchor.to_string()).text();
            BASCULE_CHECK(search(std::move(request), [&](const SourceEntry& entry) -> Status {
                found.insert(entry.anchor);
                return sink_.present({entry.anchor});
            }));
        }
    } else {
        BASCULE_TRY(found, list(nullptr));
    }
    std::erase_if(missing, [&](const Uuid& anchor) { return found.contains(anchor); });
    return {};
}

/// What has gone from this place since it was listed is found by the next look or listing.
Status PollRun::read_one(const Uuid& anchor, const std::string& dn) {
    auto request = request_for(attributes_);
    request.base = dn;
    request.scope = SearchScope::base;
    auto status = search(std::move(request), [&](SourceEntry entry) -> Status {
        if (entry.anchor != anchor) {
            audit_wanted_ = true;
            return {};
        }
        static_cast<void>(known_.take(entry));
        return hand_over(std::move(entry));
    });
    if (!status && status.error().code == "base_missing") {
        audit_wanted_ = true;
        return {};
    }
    return status;
}

}  // namespace bascule::ldap

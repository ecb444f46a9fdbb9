#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "connectors/ldap/dn.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::test {

/// Tells a group of which nothing but `member` differs from what was told before as a change of
/// members, every other time, now and then with values that were told already. One for each
/// connection.
class MemberChangeSink final : public directory::FeedSink {
  public:
    MemberChangeSink(directory::FeedSink& next, unsigned seed) : next_(next), random_(seed) {}

    /// How many changes of members were taken as such, over all sinks.
    static inline unsigned taken = 0;

    Status refresh_started(bool from_cookie) override {
        return next_.refresh_started(from_cookie);
    }
    Status changed(directory::SourceEntry entry) override {
        auto before = told_.find(entry.anchor);
        if (before != told_.end() && random_() % 2 == 0) {
            if (auto change = difference(before->second, entry)) {
                BASCULE_TRY(const bool done, next_.members_changed(*std::move(change)));
                if (done) {
                    ++taken;
                    before->second = std::move(entry);
                    return {};
                }
            }
        }
        BASCULE_CHECK(next_.changed(entry));
        told_[entry.anchor] = std::move(entry);
        return {};
    }
    Status present(const std::vector<Uuid>& anchors) override { return next_.present(anchors); }
    Status deleted(const std::vector<Uuid>& anchors) override {
        for (const Uuid& anchor : anchors)
            told_.erase(anchor);
        return next_.deleted(anchors);
    }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        return next_.refresh_done(proof, cookie);
    }
    Status cookie(const std::string& cookie) override { return next_.cookie(cookie); }
    Status idle() override { return next_.idle(); }

  private:
    using Members = std::map<std::string, std::string>;  ///< DN key to DN

    static Members members_of(const directory::SourceEntry& entry) {
        Members out;
        for (const std::string& dn : entry.values("member"))
            out.emplace(*ldap::dn_key(dn), dn);
        return out;
    }
    static std::vector<directory::RawAttribute> others_of(const directory::SourceEntry& entry) {
        auto out = entry.attributes;
        std::erase_if(out, [](const auto& attribute) { return attribute.name == "member"; });
        return out;
    }
    static bool equal(
        const std::vector<directory::RawAttribute>& left,
        const std::vector<directory::RawAttribute>& right
    ) {
        return std::ranges::equal(left, right, [](const auto& one, const auto& other) {
            return one.name == other.name && one.values == other.values;
        });
    }
    std::optional<directory::MemberChange> difference(
        const directory::SourceEntry& before, const directory::SourceEntry& now
    ) {
        if (before.dn != now.dn || !equal(others_of(before), others_of(now)))
            return std::nullopt;
        directory::MemberChange change;
        change.anchor = now.anchor;
        change.attribute = "member";
        change.csn = now.csn;
        const Members old_members = members_of(before);
        const Members new_members = members_of(now);
        for (const auto& [key, dn] : new_members) {
            if (!old_members.contains(key) || random_() % 8 == 0)
                change.added.push_back({dn, key, {}});
        }
        for (const auto& [key, dn] : old_members) {
            if (!new_members.contains(key))
                change.removed.push_back({dn, key, {}});
        }
        return change;
    }

    directory::FeedSink& next_;
    std::mt19937 random_;
    std::map<Uuid, directory::SourceEntry> told_;
};

}  // namespace bascule::test

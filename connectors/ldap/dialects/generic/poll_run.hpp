#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dialects/generic/change_alarm.hpp"
#include "connectors/ldap/dialects/generic/poll_feed.hpp"

namespace bascule::ldap {

/// One run of a PollFeed on a connection of its own: a refresh, then looks and listings in turn.
class PollRun {
  public:
    /// `root`: the server's root entry; `newest`: the newest stamp of what is known. Everything
    /// given outlives it.
    PollRun(
        const PollOptions& options, Connection& connection, const directory::SourceEntry& root,
        KnownEntries& known, std::string newest, directory::FeedSink& sink,
        const std::stop_token& stop
    );

    /// Until something ends it, or `moves` between two looks: then nothing is returned. `resumes`:
    /// the mirror holds what is known.
    [[nodiscard]] std::optional<directory::FeedResult> follow(
        bool resumes, const std::function<bool()>& moves
    );
    /// The cookie of what is known; empty when the mirror was given none.
    [[nodiscard]] const std::string& token() const { return token_; }
    [[nodiscard]] const std::string& newest() const { return newest_; }

  private:
    using Take = std::function<Status(directory::SourceEntry)>;
    using Listing = std::unordered_set<Uuid>;

    [[nodiscard]] Status refresh(bool resumes);
    [[nodiscard]] Status cycle();
    [[nodiscard]] Status find_anchor();
    [[nodiscard]] Status read_everything();
    /// Entries that changed since `from`, and a little before, by their stamps.
    [[nodiscard]] Status look(const std::string& from);
    /// Compares all anchors and stamps with what is known, reads what differs and tells what is
    /// gone. The refresh has been started.
    [[nodiscard]] Status audit();
    /// What is listed; entries that differ from what is known go to `differing`.
    [[nodiscard]] Result<Listing> list(std::vector<std::pair<Uuid, std::string>>* differing);
    /// Takes out of `missing` what is there all the same.
    [[nodiscard]] Status confirm_missing(std::vector<Uuid>& missing);
    [[nodiscard]] Status read_one(const Uuid& anchor, const std::string& dn);
    /// A search with what the server offers; `take` gets entries with anchor, dn_key and csn.
    [[nodiscard]] Status search(SearchRequest request, const Take& take);
    [[nodiscard]] Status complete(directory::SourceEntry& entry);
    [[nodiscard]] Status hand_over(directory::SourceEntry entry);
    [[nodiscard]] SearchRequest request_for(std::vector<std::string> attributes) const;
    void wait();
    /// Gives the mirror a new cookie: it holds what it was given so far.
    [[nodiscard]] Status confirm(const std::function<Status(const std::string&)>& tell);

    const PollOptions& options_;
    Connection& connection_;
    KnownEntries& known_;
    directory::FeedSink& sink_;
    const std::stop_token& stop_;
    bool pages_;
    std::string anchor_;
    std::vector<std::string> attributes_;
    std::optional<ChangeAlarm> alarm_;
    std::string newest_;  ///< the newest stamp seen
    std::string token_;
    std::size_t references_ = 0;
    std::vector<Uuid> unconfirmed_;  ///< handed over since the last cookie
    bool stamps_missing_ = false;
    bool audit_wanted_ = false;  ///< something happened that only a listing can tell
    std::chrono::steady_clock::time_point last_audit_;
    std::chrono::steady_clock::duration audit_cost_{};
};

}  // namespace bascule::ldap

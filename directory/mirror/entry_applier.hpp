#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/mirror/join_rules.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/model/member_change.hpp"
#include "directory/ports/entry_areas.hpp"
#include "directory/ports/entry_mapper.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// What a refresh leaves to decide at its end, when the whole of it is known. Filling it twice with
/// the same entry does no harm, so a transaction that runs again may share it, but for placed_now,
/// which is empty when it begins.
struct RefreshNotes {
    std::set<Uuid> unmatched;                ///< anchors of served entries that match no filter now
    std::map<Uuid, std::set<Uuid>> leaving;  ///< group id -> ids of members it does not name now
    std::map<std::string, std::set<Uuid>>
        lost_attributes;  ///< attribute -> ids whose entries have lost it
    /// Entries whose place this refresh has told, in committed transactions and in the running one;
    /// the move of an ancestor that is heard of later is part of it already.
    std::unordered_set<directory::Oid> placed;
    std::unordered_set<directory::Oid> placed_now;
    [[nodiscard]] bool is_placed(directory::Oid oid) const {
        return placed.contains(oid) || placed_now.contains(oid);
    }
    /// Hash of a DN key -> who named it in this refresh.
    std::unordered_multimap<std::size_t, std::pair<directory::EdgeKind, directory::Oid>> named;
};

/// What a transaction did.
struct ApplyCounts {
    std::uint64_t added = 0;
    std::uint64_t updated = 0;
    std::uint64_t removed = 0;
    std::uint64_t unchanged = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t writes = 0;  ///< 0 when nothing in the store differs
    /// Entries that were moved with a container to where the mapping sees them differently.
    std::uint64_t carried_over = 0;
};

/// Where and under which rules changes are applied. References outlive the applier.
struct ApplyContext {
    directory::Transaction& transaction;
    const directory::Registry& registry;
    const directory::EntryMapper& mapper;
    directory::SourceId source;
    const std::string& source_name;
    const ObjectIds& ids;
    RemovalGuard& guard;              ///< to be committed or rolled back with the transaction
    HeldPlan& held;                   ///< read in this transaction
    RefreshNotes* refresh = nullptr;  ///< null outside a refresh: removals are decided at once
    const JoinRules* joins = nullptr;
    bool remapping = false;                        ///< other rules fill the attributes than before
    const directory::EntryAreas* areas = nullptr;  ///< null: the mapping does not look at places
};

/// Maps an entry; an exception of the mapper becomes a quarantine, so that one entry never blocks.
[[nodiscard]] directory::MappedEntry map_safely(
    const directory::EntryMapper& mapper, const directory::SourceEntry& entry
);

/// Brings single entries into the store within one transaction. Unchanged entries write nothing.
class EntryApplier {
  public:
    explicit EntryApplier(ApplyContext context);

    /// The entry exists like this now.
    [[nodiscard]] Status upsert(
        const directory::SourceEntry& entry, const directory::MappedEntry& mapped
    );
    /// Members of a group joined and left. Who left goes through the guard as after a whole entry.
    /// Does nothing when the group is not served by now: whoever serves it again reads it whole.
    [[nodiscard]] Status change_members(const directory::MemberChange& change);
    /// A live delete: the entry and all below it go, or are held.
    [[nodiscard]] Status removed_live(const Uuid& anchor);
    /// Takes an entry out for good; unknown anchors are ignored. No guard asks here.
    [[nodiscard]] Status remove(const Uuid& anchor);
    /// Takes out an object whose entry exists and matches no filter.
    [[nodiscard]] Status shelve(const Uuid& anchor, const std::string& reason);
    /// Lets objects lose an attribute that was kept back.
    [[nodiscard]] Status lose_attribute(const std::string& attribute, const Uuid& id);
    /// Lets a member leave a group.
    [[nodiscard]] Status remove_member(const Uuid& group, const Uuid& member);
    /// Maps entries again that wait for values which were freed; to be called after removals.
    [[nodiscard]] Status finish();
    /// Decides at the end of a refresh about members that groups no longer name.
    [[nodiscard]] Status decide_leaving(const Uuid& group, const std::set<Uuid>& members);
    /// Tries these entries again.
    [[nodiscard]] Status retry(const std::vector<directory::Oid>& entries);
    /// Tries entries in quarantine again whose obstacle is gone.
    [[nodiscard]] Status retry_blocked();

    /// Looks at entries again that a change of another source concerns, `limit` at most; returns
    /// how many there were. Not while the source is refreshed.
    [[nodiscard]] Result<std::size_t> recheck(std::size_t limit);
    /// Lets every entry of the sources that join this one look again: after objects came of which
    /// they were not told one by one.
    [[nodiscard]] Status recheck_joining();

    [[nodiscard]] const ApplyCounts& counts() const { return counts_; }

  private:
    struct Work;
    /// Members that joined or left, as the journal tells them: the first ones only.
    struct MembersTold {
        std::vector<std::string> names;
        std::vector<Uuid> ids;
        std::size_t count = 0;
        void add(const directory::ObjectRow& row);
    };
    [[nodiscard]] Status apply(
        const directory::SourceEntry& entry, const directory::MappedEntry& mapped, bool again
    );
    [[nodiscard]] Status serve(Work& work);
    [[nodiscard]] Status write_document(
        Work& work, const std::string& body, const std::string& local
    );
    [[nodiscard]] Status after_served(
        Work& work, const std::string& old_body, const std::string& body
    );
    [[nodiscard]] Status unmatched(Work& work);
    [[nodiscard]] Status quarantine(Work& work, std::string reason, std::string blocked_by);
    [[nodiscard]] Status quarantine_duplicate(
        Work& work, const Error& error, const std::string& body, bool may_yield
    );
    [[nodiscard]] Status bookkeep(
        Work& work, directory::EntryState state, std::string reason, std::string blocked_by
    );
    [[nodiscard]] Status keep_bookkeeping(Work& work);
    [[nodiscard]] Status keep_stamp(const Work& work, bool changed);
    /// Details of a record that tell by what the object changed.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> stamps_of(const Work& work
    ) const;
    /// Names and values of the attributes that differ.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> changes_of(
        directory::TypeId type, std::string_view before, std::string_view after
    ) const;
    [[nodiscard]] Result<std::string> manager_change(
        const std::set<directory::Oid>& left, const MembersTold& joined
    );
    [[nodiscard]] Status make_room(const directory::SourceEntry& entry, directory::Oid self);
    [[nodiscard]] Status move_below(Work& work);
    [[nodiscard]] Status rebase(
        const directory::MirrorEntry& top, const std::string& key, const std::string& dn
    );
    [[nodiscard]] Status give_way_below(
        const directory::MirrorEntry& top, const std::vector<directory::MirrorEntry>& below,
        const std::string& key
    );
    [[nodiscard]] Status withdraw(
        const directory::Object& object, const Uuid& anchor, std::string_view cause
    );
    [[nodiscard]] Status free_terms(
        directory::TypeId type, const std::string& old_body, const std::string& new_body
    );

    [[nodiscard]] Result<std::string> retained_attributes(
        const Work& work, const std::string& body
    );
    void forget_losses(const Uuid& id, const std::set<std::string>& still_lost);
    [[nodiscard]] Result<bool> may_lose_now(const std::string& attribute);

    // reference_difference.cpp
    /// What an entry names of one kind, compared with the edges that are there.
    struct Named {
        std::vector<directory::Oid> existing;  ///< targets of the edges, in order
        std::vector<bool> stays;               ///< which of them are named
        std::vector<directory::ObjectRow> joined;
        std::set<std::string> waiting;  ///< keys of what is not there
    };
    [[nodiscard]] Result<Named> compare_references(const Work& work, directory::EdgeKind kind);
    [[nodiscard]] Status sync_references(Work& work);
    [[nodiscard]] Status sync_kind(Work& work, directory::EdgeKind kind);
    [[nodiscard]] Status part_members(
        const directory::ObjectRow& group, std::size_t size, const std::set<Uuid>& members
    );

    // entry_references.cpp
    [[nodiscard]] bool may_target(directory::EdgeKind kind, const directory::ObjectRow& row) const;
    [[nodiscard]] Result<std::set<Uuid>> ids_of(const std::set<directory::Oid>& objects);
    /// What a reference leads to now, or the key under which it waits.
    struct Resolved {
        std::optional<directory::ObjectRow> row;
        std::string pending;
    };
    [[nodiscard]] Result<Resolved> resolve(
        const directory::EntryReference& reference, directory::Oid from
    );
    [[nodiscard]] Result<std::optional<directory::ObjectRow>> find_by_key(const std::string& key);
    [[nodiscard]] Result<std::optional<directory::ObjectRow>> find_user(std::string_view user_name);
    /// The object a row stands for: itself, or the one it is joined to.
    [[nodiscard]] Result<std::optional<directory::ObjectRow>> target_of(
        const directory::ObjectRow& row
    );
    [[nodiscard]] Result<std::optional<directory::ObjectRow>> own_part(
        const directory::ObjectRow& row
    );
    /// The id by which this source knows an object: its own entry's.
    [[nodiscard]] Result<Uuid> own_id(const directory::ObjectRow& row);
    [[nodiscard]] Status park_references(Work& work);
    [[nodiscard]] Status park_edges(directory::Oid from);
    [[nodiscard]] Status settle_references(const directory::ObjectRow& from);
    [[nodiscard]] Status clear_references(directory::Oid from);

    // waiting_references.cpp
    void note_named(directory::EdgeKind kind, std::string_view dn_key, directory::Oid from);
    [[nodiscard]] std::set<std::pair<directory::EdgeKind, directory::Oid>> named_in_refresh(
        const std::string& key
    ) const;
    [[nodiscard]] Status keep_waiting(const directory::MirrorEntry& entry);
    [[nodiscard]] Status leave_place(const directory::MirrorEntry& entry);
    [[nodiscard]] bool is_leaving(const Uuid& group, const Uuid& member) const;
    void stays(const Uuid& group, const Uuid& member);
    [[nodiscard]] Status resolve_pending(
        const std::string& key, const directory::ObjectRow& target
    );
    [[nodiscard]] Status resolve_all_pending(
        const directory::ObjectRow& row, const Uuid& anchor, const std::string& dn_key,
        std::string_view body
    );
    [[nodiscard]] Status detach(directory::Oid oid, const Uuid& anchor);

    // entry_join.cpp and join_search.cpp
    [[nodiscard]] Result<std::optional<directory::ObjectRow>> find_joined_user(
        std::string_view user_name
    );
    /// A member that leaves is not waited for, either.
    [[nodiscard]] Status forget_waiting(const Uuid& member, directory::Oid group);
    struct Join {
        std::optional<directory::ObjectRow> master;
        std::string reason;   ///< why the entry cannot be joined although something matches
        std::string blocked;  ///< what it waits for then
    };
    struct Contribution {
        directory::Object row;  ///< of type "Joined"
        std::string gives;      ///< what of it the master shows
    };
    [[nodiscard]] bool joins() const;
    [[nodiscard]] Result<Join> find_join(const Work& work, const std::string& body);
    [[nodiscard]] Result<std::vector<directory::Object>> candidates(
        directory::AttributeId attribute, const std::vector<directory::Term>& terms
    );
    [[nodiscard]] Result<bool> is_from_earlier(
        const directory::Object& object, const directory::AttributePath& path
    );
    [[nodiscard]] Result<Join> contend(const Work& work, const directory::ObjectRow& master);
    [[nodiscard]] Status join(
        Work& work, const directory::ObjectRow& master, const std::string& body
    );
    [[nodiscard]] Status become_part(
        Work& work, const directory::ObjectRow& master, const std::string& document
    );
    [[nodiscard]] Status hand_over(
        const directory::Object& object, const directory::ObjectRow& master
    );
    [[nodiscard]] Result<std::vector<directory::ObjectRow>> kept_here(
        directory::EdgeKind kind, directory::Oid target
    );
    [[nodiscard]] Status lead_edges(
        const directory::ObjectRow& from, const directory::ObjectRow& to
    );
    /// Entries that could not be joined because of this one, which does not want that place now.
    [[nodiscard]] Status retry_rivals(const directory::MirrorEntry& former);
    [[nodiscard]] Status refuse_join(Work& work, const Join& join);
    [[nodiscard]] Status leave_join(const directory::Object& row, const Uuid& anchor);
    [[nodiscard]] Status leave_join(Work& work);
    [[nodiscard]] Result<std::vector<Contribution>> contributions(
        directory::Oid master, std::string_view own
    );
    [[nodiscard]] static std::string given_by(const std::vector<Contribution>& all);
    [[nodiscard]] Status store_gives(const std::vector<Contribution>& all);
    [[nodiscard]] Status refresh_master(directory::Oid master, std::string_view left = {});
    [[nodiscard]] Status release_joined(const directory::Object& master);
    [[nodiscard]] bool may_take_place(const directory::MirrorEntry& entry) const;
    [[nodiscard]] Status take_place(const directory::Object& holder, const directory::MirrorEntry&);
    [[nodiscard]] Result<std::optional<directory::MirrorEntry>> place_in(
        directory::SourceId source, const directory::ObjectRow& object
    );
    [[nodiscard]] Status detach_for(const directory::MirrorEntry& entry, directory::Oid object);
    [[nodiscard]] Status recheck_later(directory::SourceId source, directory::Oid entry);
    [[nodiscard]] Status note_values(const std::string& old_body, const std::string& new_body);
    [[nodiscard]] Status note_value(
        directory::SourceId source, const directory::AttributeSpec& spec,
        const directory::Term& term
    );
    [[nodiscard]] std::string joined_document(const std::string& body) const;

    // member_changes.cpp
    [[nodiscard]] Result<Resolved> resolve_member(
        const directory::MemberChange::Member& member, directory::Oid group
    );
    [[nodiscard]] Status add_members(
        const directory::ObjectRow& group,
        const std::vector<directory::MemberChange::Member>& members, const std::string& stamp
    );
    [[nodiscard]] Status remove_members(
        const directory::ObjectRow& group,
        const std::vector<directory::MemberChange::Member>& members
    );
    [[nodiscard]] Result<bool> is_waiting(const std::string& key, directory::Oid group);
    [[nodiscard]] Status stop_waiting(const std::string& key, directory::Oid group);
    void forget_named(const std::string& key, directory::Oid group);

    [[nodiscard]] bool is_served(const directory::ObjectRow& row) const {
        return is_in_use(row) && row.type != joined_;
    }
    /// Served, or part of an object that is.
    [[nodiscard]] bool is_in_use(const directory::ObjectRow& row) const {
        return !row.deleted && row.type != unmapped_;
    }
    [[nodiscard]] Status journal(
        std::string_view verb, const directory::ObjectRow& row,
        std::vector<std::pair<std::string, std::string>> details
    );
    [[nodiscard]] Status journal_members(
        const directory::ObjectRow& group, std::string_view activity, const MembersTold& members,
        const std::string& stamp = {}
    );

    ApplyContext context_;
    directory::Transaction& transaction_;
    directory::TypeId unmapped_;
    directory::TypeId joined_;
    directory::TypeId user_;
    directory::TypeId group_;
    ApplyCounts counts_;
    std::vector<directory::Oid> retries_;
    std::vector<std::pair<directory::Oid, Uuid>> yielded_;
    std::size_t places_taken_ = 0;
};

}  // namespace bascule::mirror

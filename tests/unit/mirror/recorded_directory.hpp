#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "directory/model/member_change.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::test {

/// A tree of containers, people, groups and entries that match no filter, with a part outside the
/// mirrored base. It changes at random, and knows what became of every entry since it was made.
class RecordedDirectory {
  public:
    /// Who is meant by a reference, and the DN that stands there. An empty DN follows the entry, as
    /// with referential integrity; without it the old DN stays when the entry moves or goes.
    using References = std::map<Uuid, std::string>;

    struct Node {
        std::optional<Uuid> parent;
        std::string rdn;
        std::string kind;  ///< "ou", "user", "account" (matches no filter), "group"
        std::string uid;
        unsigned number = 0;  ///< 0: none
        unsigned title = 0;
        References members;
        References manager;  ///< at most one
        std::uint64_t csn = 0;
        bool was_outside = false;
        std::uint64_t shaped = 0;  ///< stamp of the last change that was not of members alone
        std::map<Uuid, std::uint64_t> joined;  ///< stamps of the last change of each member
        std::map<Uuid, std::uint64_t> left;
    };
    /// What a provider would tell a listener at once.
    struct Change {
        Uuid id;
        bool gone = false;
        bool entered = false;
        /// When nothing else of a group has changed.
        std::optional<directory::MemberChange> members = std::nullopt;
    };
    /// How often, and when last, a servable entry ceased to be one.
    struct Absence {
        unsigned times = 0;
        std::uint64_t last = 0;
    };

    enum class People {
        any,
        /// Each with a user name that nobody else in this directory has, and often with a number;
        /// other directories have the same names and numbers.
        joinable,
    };
    explicit RecordedDirectory(unsigned seed, People people = People::any);

    /// One random change.
    void step();
    /// Writes every entry that refers to others again, so that no reference is older than the
    /// others' places.
    void touch_referring();
    /// The server dies and comes back: deletions that were not told are forgotten.
    void crash();

    std::vector<Change> take_changes();
    [[nodiscard]] bool is_inside(const Uuid& id) const;
    [[nodiscard]] std::vector<Uuid> inside() const;
    /// The entry and all below it, from the top down.
    [[nodiscard]] std::vector<Uuid> subtree(const Uuid& top) const;
    /// Entries of the log after `since` that are not in the base any more.
    [[nodiscard]] std::vector<Uuid> left_since(std::uint64_t since) const;
    [[nodiscard]] const Node& node(const Uuid& id) const { return nodes_.at(id); }
    [[nodiscard]] bool exists(const Uuid& id) const { return nodes_.contains(id); }
    [[nodiscard]] std::uint64_t csn() const { return csn_; }
    /// Who left until this stamp may not have been told.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
    [[nodiscard]] Absence absence(const Uuid& id) const;
    /// Is in the base and of a kind that is served.
    [[nodiscard]] bool is_servable(const Uuid& id) const;
    [[nodiscard]] std::string dn_of(const Uuid& id) const;
    [[nodiscard]] directory::SourceEntry entry_of(const Uuid& id) const;
    /// Who joined and left a group since a stamp, when nothing else of it has changed.
    [[nodiscard]] std::optional<directory::MemberChange> members_since(
        const Uuid& id, std::uint64_t since
    ) const;
    /// What stands inside the base at this DN now.
    [[nodiscard]] std::optional<Uuid> at(const std::string& dn) const;
    /// What has stood at the DN of a reference that nobody follows.
    [[nodiscard]] std::set<Uuid> been_at(const std::string& dn) const;

  private:
    unsigned pick(std::size_t below);
    [[nodiscard]] std::string any_rdn();
    [[nodiscard]] std::string any_uid(const std::string& otherwise);
    Uuid add(std::optional<Uuid> parent, const std::string& rdn, const std::string& kind);
    void touch(const Uuid& id);
    std::optional<Uuid> any(std::string_view kind);
    [[nodiscard]] bool taken(const Uuid& parent, const std::string& rdn) const;
    [[nodiscard]] bool is_below(const Uuid& id, const Uuid& top) const;
    void add_members(Node& group);
    /// Before the entry gets another DN, or none.
    void leave_dn(const Uuid& top);
    void note_absent(const Uuid& id);
    void note_places();
    void change();
    void forget(const Uuid& id);

    void step_add();
    void step_delete();
    void step_rename();
    void step_move();
    void move_to(const Uuid& id, const Uuid& parent);
    void step_members();
    void step_manager();
    void step_user_name();
    void step_swap();
    void step_kind();
    void step_title();
    void step_number();

    std::mt19937 random_;
    People people_;
    std::string mark_;  ///< in titles, so that they tell which directory they are from
    bool integrity_;
    std::map<Uuid, Node> nodes_;
    std::map<std::uint64_t, Uuid> deletions_;
    std::map<Uuid, Absence> absences_;
    std::map<std::string, std::set<Uuid>> been_at_;
    std::vector<Change> changes_;
    Uuid root_;
    Uuid outside_;
    unsigned last_id_ = 0;
    std::uint64_t csn_ = 0;
    std::uint64_t forgotten_ = 0;
};

}  // namespace bascule::test

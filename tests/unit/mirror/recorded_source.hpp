#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "directory/ports/feed.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::test {

/// A directory that speaks as an RFC 4533 provider with referential integrity does: a rename tells
/// of the top entry only, a container that leaves the scope tells of itself only, references are
/// repaired without a word. The way a refresh is made (snapshot, deletes from a session log,
/// present phase) is chosen at random.
class RecordedSource {
  public:
    struct Node {
        std::optional<Uuid> parent;
        std::string rdn;
        std::string kind;  ///< "ou", "user", "account" (matches no filter), "group"
        std::string uid;
        int title = 0;
        std::set<Uuid> members;
        std::optional<Uuid> manager;
        std::uint64_t csn = 0;
        std::uint64_t modified = 0;            ///< stamp of the last change after it was added
        std::uint64_t shaped = 0;              ///< stamp of the last change that was not of members
        std::map<Uuid, std::uint64_t> joined;  ///< stamps of the last change of each member
        std::map<Uuid, std::uint64_t> left;
    };

    explicit RecordedSource(unsigned seed) : random_(seed) {
        root_ = add({}, "dc=com", "ou");
        for (int index = 0; index < 3; ++index)
            add(root_, fmt::format("ou=o{}", index), "ou");
        for (int index = 0; index < 12; ++index)
            step_add();
        changes_.clear();
    }

    /// One random change of the directory.
    void step() {
        switch (pick(14)) {
            case 0:
            case 1:
                return step_add();
            case 2:
            case 3:
                return step_delete();
            case 4:
                return step_rename();
            case 5:
                return step_move();
            case 6:
            case 7:
                return step_members();
            case 8:
                return step_user_name();
            case 9:
                return step_kind();
            case 10:
                return step_swap();
            case 11:
                return step_leave();
            default:
                return step_title();
        }
    }

    /// The server dies and comes back: what was not said is forgotten, and nobody is told so.
    void crash() { gone_.clear(); }

    /// A connection: refresh and then live changes; every message may be the last one. False when
    /// it broke.
    bool converse(
        directory::FeedSink& sink, const directory::FeedStart& start, unsigned live_steps,
        bool may_break
    ) {
        may_break_ = may_break;
        if (!refresh(sink, start))
            return false;
        for (unsigned index = 0; index < live_steps; ++index) {
            changes_.clear();
            step();
            if (!send_changes(sink))
                return false;
            if (pick(3) == 0 && !say(sink.idle()))
                return false;
        }
        return say(sink.idle());
    }

    [[nodiscard]] const std::map<Uuid, Node>& nodes() const { return nodes_; }

    /// How many changes of members the sink took as such.
    unsigned changes_taken = 0;

    [[nodiscard]] std::string dn_of(const Uuid& id) const {
        const Node& node = nodes_.at(id);
        return node.parent ? node.rdn + "," + dn_of(*node.parent) : node.rdn;
    }

    [[nodiscard]] directory::SourceEntry entry_of(const Uuid& id) const {
        const Node& node = nodes_.at(id);
        directory::SourceEntry entry;
        entry.anchor = id;
        entry.dn = dn_of(id);
        entry.dn_key = *ldap::dn_key(entry.dn);
        entry.csn = std::to_string(node.csn);
        const std::map<std::string, std::string> classes = {
            {"ou", "organizationalUnit"},
            {"user", "inetOrgPerson"},
            {"account", "account"},
            {"group", "groupOfNames"}};
        entry.attributes = {
            {"objectClass", {classes.at(node.kind)}}, {"cn", {node.rdn}}, {"sn", {"x"}}};
        if (!node.uid.empty())
            entry.attributes.push_back({"uid", {node.uid}});
        if (node.title > 0)
            entry.attributes.push_back({"title", {std::to_string(node.title)}});
        if (node.manager)
            entry.attributes.push_back({"manager", {dn_of(*node.manager)}});
        std::vector<std::string> members;
        for (const Uuid& member : node.members)
            members.push_back(dn_of(member));
        std::shuffle(members.begin(), members.end(), std::mt19937(static_cast<unsigned>(node.csn)));
        if (!members.empty())
            entry.attributes.push_back({"member", members});
        return entry;
    }

  private:
    struct Change {
        Uuid id;
        bool gone = false;
        std::uint64_t before = 0;  ///< stamp of the state before
    };

    /// Who joined and left since a stamp, now and then with a change that is old. Anchors are told
    /// or, now and then, only DNs.
    directory::MemberChange members_since(const Uuid& id, std::uint64_t since, bool anchors) {
        const Node& node = nodes_.at(id);
        directory::MemberChange change;
        change.anchor = id;
        change.attribute = "Member";
        const bool overlapping = pick(4) == 0;
        const auto collect = [&](const auto& stamps, auto& members) {
            for (const auto& [member, csn] : stamps) {
                if ((csn > since || overlapping) && nodes_.contains(member)) {
                    const std::string dn = dn_of(member);
                    members.push_back(
                        {dn, *ldap::dn_key(dn), anchors ? std::optional(member) : std::nullopt}
                    );
                }
            }
        };
        collect(node.joined, change.added);
        collect(node.left, change.removed);
        return change;
    }

    /// A group of which nothing but members changed comes as that change, every other time.
    bool tell(directory::FeedSink& sink, const Uuid& id, std::uint64_t since, bool refreshing) {
        const Node& node = nodes_.at(id);
        if (node.kind == "group" && node.shaped <= since && since != 0 && pick(2) == 0) {
            const bool anchors = refreshing || pick(2) == 0;
            auto taken = sink.members_changed(members_since(id, since, anchors));
            if (!taken)
                throw std::runtime_error(taken.error().code + ": " + taken.error().detail);
            if (*taken) {
                ++changes_taken;
                return say({});
            }
        }
        return say(sink.changed(entry_of(id)));
    }

    unsigned pick(std::size_t below) {
        return static_cast<unsigned>(
            std::uniform_int_distribution<std::size_t>(0, below - 1)(random_)
        );
    }

    bool say(const Status& status) {
        if (!status)
            throw std::runtime_error(status.error().code + ": " + status.error().detail);
        return !may_break_ || pick(40) != 0;
    }

    std::string cookie() const { return std::to_string(csn_); }

    bool refresh(directory::FeedSink& sink, const directory::FeedStart& start) {
        const std::uint64_t since = start.cookie.empty() ? 0 : std::stoull(start.cookie);
        const unsigned mode = start.cookie.empty() ? 0 : 1 + pick(2);
        if (!say(sink.refresh_started(mode != 0)))
            return false;
        const std::string end = cookie();
        std::vector<Uuid> ids;
        for (const auto& [id, node] : nodes_)
            ids.push_back(id);
        std::shuffle(ids.begin(), ids.end(), random_);
        if (mode == 1) {
            for (const auto& [csn, id] : gone_) {
                if (csn > since && !nodes_.contains(id) && !say(sink.deleted({id})))
                    return false;
            }
        }
        std::vector<Uuid> present;
        for (const Uuid& id : ids) {
            if (nodes_.at(id).csn <= since) {
                present.push_back(id);
            } else if (!tell(sink, id, since, true)) {
                return false;
            }
        }
        if (mode == 1 && start.interrupted)
            present = ids;  // the client searches for them
        const bool named = mode == 2 || (mode == 1 && start.interrupted);
        if (named && !say(sink.present(present)))
            return false;
        const auto proof = mode == 0 ? directory::AbsenceProof::snapshot
                           : named   ? directory::AbsenceProof::present_phase
                                     : directory::AbsenceProof::none;
        return say(sink.refresh_done(proof, end));
    }

    bool send_changes(directory::FeedSink& sink) {
        for (const Change& change : std::exchange(changes_, {})) {
            const bool alive = nodes_.contains(change.id);
            if (!change.gone && !alive)
                continue;
            if (!(change.gone ? say(sink.deleted({change.id}))
                              : tell(sink, change.id, change.before, false)))
                return false;
        }
        return say(sink.cookie(cookie()));
    }

    Uuid add(std::optional<Uuid> parent, std::string rdn, std::string kind) {
        const Uuid id = uuid_of(++last_id_);
        Node node;
        node.parent = parent;
        node.rdn = std::move(rdn);
        node.kind = std::move(kind);
        nodes_[id] = node;
        touch(id);
        return id;
    }

    void touch(const Uuid& id) {
        Node& node = nodes_[id];
        const std::uint64_t before = node.csn;
        node.modified = node.csn == 0 ? 0 : csn_ + 1;
        node.csn = ++csn_;
        node.shaped = node.csn;
        changes_.push_back({id, false, before});
    }

    void touch_members(const Uuid& id, const std::set<Uuid>& members_before) {
        const std::uint64_t shaped = nodes_[id].shaped;
        touch(id);
        Node& node = nodes_[id];
        node.shaped = shaped;
        for (const Uuid& member : node.members) {
            if (!members_before.contains(member)) {
                node.joined[member] = node.csn;
                node.left.erase(member);
            }
        }
        for (const Uuid& member : members_before) {
            if (!node.members.contains(member)) {
                node.left[member] = node.csn;
                node.joined.erase(member);
            }
        }
    }

    std::optional<Uuid> any(std::string_view kind) {
        std::vector<Uuid> found;
        for (const auto& [id, node] : nodes_) {
            if (kind.empty() ? node.parent.has_value() : node.kind == kind)
                found.push_back(id);
        }
        if (found.empty())
            return std::nullopt;
        return found[pick(found.size())];
    }

    bool taken(const Uuid& parent, const std::string& rdn) const {
        return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& one) {
            return one.second.parent == parent && one.second.rdn == rdn;
        });
    }

    bool below(Uuid id, const Uuid& top) const {
        while (true) {
            if (id == top)
                return true;
            if (!nodes_.at(id).parent)
                return false;
            id = *nodes_.at(id).parent;
        }
    }

    void step_add() {
        const unsigned kind = pick(8);
        const Uuid parent = *any("ou");
        const std::string rdn = fmt::format("cn=n{}", pick(40));
        if (taken(parent, rdn))
            return;
        const Uuid id =
            add(parent, rdn,
                kind == 0   ? "ou"
                : kind < 3  ? "group"
                : kind == 3 ? "account"
                            : "user");
        if (kind > 3)
            nodes_[id].uid = fmt::format("u{}", pick(60));
        if (kind == 1 || kind == 2)
            add_members(nodes_[id]);
    }

    void add_members(Node& group) {
        for (unsigned count = pick(5); count > 0; --count) {
            if (const auto member = any(""))
                group.members.insert(*member);
        }
    }

    void forget(const Uuid& id) {
        nodes_.erase(id);
        for (auto& [other, node] : nodes_) {
            node.joined.erase(id);
            node.left.erase(id);
            node.members.erase(id);  // referential integrity: without a stamp, without a message
            if (node.manager == id)
                node.manager.reset();
        }
    }

    void step_delete() {
        const auto id = any("");
        if (!id)
            return;
        const bool leaf = std::none_of(nodes_.begin(), nodes_.end(), [&](const auto& one) {
            return one.second.parent == *id;
        });
        if (!leaf)
            return;
        const Node old = nodes_.at(*id);
        forget(*id);
        gone_[++csn_] = *id;
        changes_.push_back({*id, true, 0});
        if (pick(3) != 0 || !old.parent)
            return;
        const Uuid again = add(old.parent, old.rdn, old.kind);  // another one at the same DN
        nodes_[again].uid = old.uid;
    }

    /// A container moves out of the scope: one message for all.
    void step_leave() {
        const auto top = any("ou");
        if (!top || *top == root_ || pick(4) != 0)
            return;
        std::vector<Uuid> leaving;
        for (const auto& [id, node] : nodes_) {
            if (below(id, *top))
                leaving.push_back(id);
        }
        for (const Uuid& id : leaving) {
            // The session log has its last change and finds it no more: a named delete.
            if (const std::uint64_t modified = nodes_.at(id).modified; modified != 0 && id != *top)
                gone_[modified] = id;
            forget(id);
        }
        gone_[++csn_] = *top;
        changes_.push_back({*top, true, 0});
    }

    void step_rename() {
        const auto id = any(pick(2) == 0 ? "ou" : "");
        if (!id || *id == root_)
            return;
        const std::string rdn = fmt::format("cn=n{}", pick(40));
        if (taken(*nodes_[*id].parent, rdn))
            return;
        nodes_[*id].rdn = rdn;
        touch(*id);
    }

    void step_move() {
        const auto id = any("");
        const auto parent = any("ou");
        if (!id || below(*parent, *id) || taken(*parent, nodes_[*id].rdn))
            return;
        nodes_[*id].parent = *parent;
        touch(*id);
    }

    void step_members() {
        const auto id = any("group");
        if (!id)
            return step_manager();
        Node& group = nodes_[*id];
        const std::set<Uuid> before = group.members;
        if (!group.members.empty() && pick(2) == 0)
            group.members.erase(*std::next(group.members.begin(), pick(group.members.size())));
        add_members(group);
        touch_members(*id, before);
    }

    void step_manager() {
        const auto id = any("user");
        if (!id)
            return;
        nodes_[*id].manager = pick(3) == 0 ? std::nullopt : any("user");
        touch(*id);
    }

    void step_user_name() {
        const auto id = any("user");
        if (!id)
            return step_add();
        nodes_[*id].uid = pick(10) == 0 ? std::string() : fmt::format("u{}", pick(60));
        touch(*id);
        step_manager();
    }

    void step_swap() {
        const auto left = any("user");
        const auto right = any("user");
        if (!left || left == right)
            return;
        std::swap(nodes_[*left].uid, nodes_[*right].uid);
        touch(*left);
        touch(*right);
    }

    void step_kind() {
        const auto id = any(pick(2) == 0 ? "user" : "account");
        if (!id)
            return;
        Node& node = nodes_[*id];
        node.kind = node.kind == "user" ? "account" : "user";
        touch(*id);
    }

    void step_title() {
        const auto id = any("user");
        if (!id)
            return;
        nodes_[*id].title = static_cast<int>(pick(4));
        touch(*id);
    }

    std::mt19937 random_;
    std::map<Uuid, Node> nodes_;
    std::map<std::uint64_t, Uuid> gone_;
    std::vector<Change> changes_;
    Uuid root_;
    unsigned last_id_ = 0;
    std::uint64_t csn_ = 0;
    bool may_break_ = false;
};

}  // namespace bascule::test

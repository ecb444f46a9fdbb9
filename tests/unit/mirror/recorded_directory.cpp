#include "tests/unit/mirror/recorded_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::test {

namespace {

constexpr unsigned names = 30;
constexpr unsigned user_names = 40;
constexpr unsigned joinable_names = 24;
constexpr unsigned numbers = 12;

/// Several are no text: cut UTF-8, a zero byte, a stray continuation byte.
std::string title_text(unsigned number) {
    using namespace std::string_literals;
    const std::vector<std::string> odd = {"\xc3"s, "a\0b"s, "\x80z"s, "T\xc3\xa9l\xc3\xa9"s};
    return number < 4 ? std::to_string(number) : odd.at(number - 4);
}

}  // namespace

RecordedDirectory::RecordedDirectory(unsigned seed, People people)
    : random_(seed),
      people_(people),
      mark_(people == People::any ? std::string() : fmt::format("{}:", seed)),
      integrity_(std::mt19937(seed ^ 0x9e3779b9U)() % 3 != 0) {
    root_ = add({}, "dc=com", "ou");
    outside_ = add({}, "dc=elsewhere", "ou");
    for (int index = 0; index < 3; ++index)
        add(root_, fmt::format("ou=o{}", index), "ou");
    for (int index = 0; index < 16; ++index)
        step_add();
    changes_.clear();
}

void RecordedDirectory::step() {
    change();
    note_places();
}

void RecordedDirectory::change() {
    switch (pick(15)) {
        case 0:
        case 1:
            return step_add();
        case 2:
        case 3:
            return step_delete();
        case 4:
            return step_rename();
        case 5:
        case 6:
            return step_move();
        case 7:
        case 8:
            return step_members();
        case 9:
            return step_user_name();
        case 10:
            return step_kind();
        case 11:
            return step_swap();
        case 12:
            return step_manager();
        case 13:
            return people_ == People::joinable ? step_number() : step_title();
        default:
            return step_title();
    }
}

void RecordedDirectory::touch_referring() {
    for (const auto& [id, node] : nodes_) {
        if (is_inside(id) && (!node.members.empty() || !node.manager.empty()))
            touch(id);
    }
}

void RecordedDirectory::crash() {
    deletions_.clear();
    forgotten_ = csn_;
}

std::vector<RecordedDirectory::Change> RecordedDirectory::take_changes() {
    return std::exchange(changes_, {});
}

bool RecordedDirectory::is_inside(const Uuid& id) const {
    return nodes_.contains(id) && is_below(id, root_);
}

std::vector<Uuid> RecordedDirectory::inside() const {
    return subtree(root_);
}

std::vector<Uuid> RecordedDirectory::subtree(const Uuid& top) const {
    std::vector<Uuid> out{top};
    for (std::size_t index = 0; index < out.size(); ++index) {
        for (const auto& [id, node] : nodes_) {
            if (node.parent == out[index])
                out.push_back(id);
        }
    }
    return out;
}

std::vector<Uuid> RecordedDirectory::left_since(std::uint64_t since) const {
    std::vector<Uuid> out;
    for (const auto& [csn, id] : deletions_) {
        if (csn > since)
            out.push_back(id);
    }
    for (const auto& [id, node] : nodes_) {
        if (node.csn > std::max(since, forgotten_) && !is_inside(id))
            out.push_back(id);
    }
    return out;
}

RecordedDirectory::Absence RecordedDirectory::absence(const Uuid& id) const {
    const auto found = absences_.find(id);
    return found == absences_.end() ? Absence{} : found->second;
}

bool RecordedDirectory::is_servable(const Uuid& id) const {
    return is_inside(id) && (node(id).kind == "user" || node(id).kind == "group");
}

std::string RecordedDirectory::dn_of(const Uuid& id) const {
    const Node& node = nodes_.at(id);
    return node.parent ? node.rdn + "," + dn_of(*node.parent) : node.rdn;
}

directory::SourceEntry RecordedDirectory::entry_of(const Uuid& id) const {
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
    if (node.number > 0)
        entry.attributes.push_back({"employeeNumber", {std::to_string(node.number)}});
    if (node.title > 0)
        entry.attributes.push_back({"title", {mark_ + title_text(node.title)}});
    const auto add_references = [&](const char* name, const References& references) {
        std::vector<std::string> values;
        for (const auto& [target, dn] : references)
            values.push_back(dn.empty() ? dn_of(target) : dn);
        std::shuffle(values.begin(), values.end(), std::mt19937(static_cast<unsigned>(node.csn)));
        if (!values.empty())
            entry.attributes.push_back({name, directory::AttributeValues(values)});
    };
    add_references("manager", node.manager);
    add_references("member", node.members);
    return entry;
}

std::optional<Uuid> RecordedDirectory::at(const std::string& dn) const {
    const std::string key = *ldap::dn_key(dn);
    for (const auto& [id, node] : nodes_) {
        if (is_inside(id) && *ldap::dn_key(dn_of(id)) == key)
            return id;
    }
    return std::nullopt;
}

unsigned RecordedDirectory::pick(std::size_t below) {
    return static_cast<unsigned>(std::uniform_int_distribution<std::size_t>(0, below - 1)(random_));
}

/// Two RDNs that differ in case only are the same.
std::string RecordedDirectory::any_rdn() {
    return fmt::format("{}=n{}", pick(4) == 0 ? "CN" : "cn", pick(names));
}

std::string RecordedDirectory::any_uid(const std::string& otherwise) {
    if (people_ == People::any)
        return fmt::format("u{}", pick(user_names));
    std::set<std::string> free;
    for (unsigned number = 0; number < joinable_names; ++number)
        free.insert(fmt::format("u{}", number));
    for (const auto& [id, node] : nodes_)
        free.erase(node.uid);
    return free.empty() ? otherwise : *std::next(free.begin(), pick(free.size()));
}

Uuid RecordedDirectory::add(
    std::optional<Uuid> parent, const std::string& rdn, const std::string& kind
) {
    const Uuid id = uuid_of(++last_id_);
    Node node;
    node.parent = parent;
    node.rdn = rdn;
    node.kind = kind;
    nodes_[id] = node;
    nodes_[id].was_outside = parent && !is_inside(id);
    touch(id);
    return id;
}

void RecordedDirectory::touch(const Uuid& id) {
    nodes_[id].csn = nodes_[id].shaped = ++csn_;
    if (is_inside(id))
        changes_.push_back({id});
}

std::optional<Uuid> RecordedDirectory::any(std::string_view kind) {
    std::vector<Uuid> found;
    for (const auto& [id, node] : nodes_) {
        const bool fits = kind.empty() ? node.parent.has_value() : node.kind == kind;
        // Most of what happens, happens inside the base.
        if (fits && (is_inside(id) || pick(3) == 0))
            found.push_back(id);
    }
    if (found.empty())
        return std::nullopt;
    return found[pick(found.size())];
}

bool RecordedDirectory::taken(const Uuid& parent, const std::string& rdn) const {
    const std::string key = *ldap::dn_key(rdn);
    return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& one) {
        return one.second.parent == parent && *ldap::dn_key(one.second.rdn) == key;
    });
}

bool RecordedDirectory::is_below(const Uuid& id, const Uuid& top) const {
    for (std::optional<Uuid> at = id; at; at = nodes_.at(*at).parent) {
        if (*at == top)
            return true;
    }
    return false;
}

void RecordedDirectory::leave_dn(const Uuid& top) {
    if (integrity_)
        return;
    for (const Uuid& id : subtree(top)) {
        const std::string dn = dn_of(id);
        for (auto& [other, node] : nodes_) {
            for (References* references : {&node.members, &node.manager}) {
                const auto found = references->find(id);
                if (found != references->end() && found->second.empty())
                    found->second = dn;
            }
        }
    }
}

void RecordedDirectory::note_absent(const Uuid& id) {
    Absence& absence = absences_[id];
    ++absence.times;
    absence.last = csn_ + 1;
}

void RecordedDirectory::note_places() {
    for (const auto& [id, node] : nodes_) {
        for (const References* references : {&node.members, &node.manager}) {
            for (const auto& [meant, dn] : *references) {
                const auto there = dn.empty() ? std::nullopt : at(dn);
                if (there)
                    been_at_[dn].insert(*there);
            }
        }
    }
}

std::set<Uuid> RecordedDirectory::been_at(const std::string& dn) const {
    const auto found = been_at_.find(dn);
    return found == been_at_.end() ? std::set<Uuid>() : found->second;
}

void RecordedDirectory::forget(const Uuid& id) {
    leave_dn(id);
    if (is_servable(id))
        note_absent(id);
    nodes_.erase(id);
    if (!integrity_)
        return;
    for (auto& [other, node] : nodes_) {
        node.members.erase(id);  // without a stamp, without a message
        node.joined.erase(id);
        node.left.erase(id);
        node.manager.erase(id);
    }
}

void RecordedDirectory::step_add() {
    const unsigned kind = pick(8);
    const Uuid parent = *any("ou");
    const std::string rdn = any_rdn();
    if (taken(parent, rdn))
        return;
    const Uuid id =
        add(parent, rdn,
            kind == 0   ? "ou"
            : kind < 3  ? "group"
            : kind == 3 ? "account"
                        : "user");
    if (kind > 3) {
        nodes_[id].uid = any_uid(fmt::format("only{}", last_id_));
        if (people_ == People::joinable)
            nodes_[id].number = pick(numbers);
    }
    if (kind == 1 || kind == 2)
        add_members(nodes_[id]);
}

void RecordedDirectory::add_members(Node& group) {
    for (unsigned count = pick(5); count > 0; --count) {
        if (const auto member = any(""))
            group.members[*member].clear();
    }
}

void RecordedDirectory::step_delete() {
    const auto id = any("");
    if (!id || subtree(*id).size() > 1)
        return;
    const Node old = nodes_.at(*id);
    const bool was_inside = is_inside(*id);
    forget(*id);
    deletions_[++csn_] = *id;
    if (was_inside)
        changes_.push_back({*id, true});
    if (pick(3) != 0)
        return;
    const Uuid again = add(old.parent, old.rdn, old.kind);  // another one at the same DN
    nodes_[again].uid = old.uid;
}

void RecordedDirectory::step_rename() {
    const auto id = any(pick(2) == 0 ? "ou" : "");
    if (!id || !nodes_.at(*id).parent)
        return;
    const std::string rdn = any_rdn();
    if (taken(*nodes_[*id].parent, rdn))
        return;
    leave_dn(*id);
    nodes_[*id].rdn = rdn;
    touch(*id);
}

void RecordedDirectory::step_move() {
    const auto id = any(pick(3) == 0 ? "ou" : "");
    const auto parent = pick(4) == 0 ? std::optional(outside_) : any("ou");
    if (!id || !parent || !nodes_.at(*id).parent || is_below(*parent, *id) ||
        taken(*parent, nodes_[*id].rdn))
        return;
    move_to(*id, *parent);
}

/// Who crosses the border of the base takes everything below along, and a provider tells of the top
/// alone.
void RecordedDirectory::move_to(const Uuid& id, const Uuid& parent) {
    const bool before = is_inside(id);
    const bool after = is_inside(parent);
    leave_dn(id);
    if (before && !after) {
        for (const Uuid& one : subtree(id)) {
            if (is_servable(one))
                note_absent(one);
            nodes_[one].was_outside = true;
        }
    }
    nodes_[id].parent = parent;
    touch(id);
    if (before && !after)
        changes_.push_back({id, true});
    if (!before && after)
        changes_.back().entered = true;
}

void RecordedDirectory::step_members() {
    const auto id = any("group");
    if (!id)
        return step_manager();
    Node& group = nodes_[*id];
    const References before = group.members;
    const std::uint64_t shaped = group.shaped;
    const std::uint64_t since = csn_;
    if (!group.members.empty() && pick(2) == 0)
        group.members.erase(std::next(group.members.begin(), pick(group.members.size())));
    add_members(group);
    touch(*id);
    if (!integrity_)
        return;
    group.shaped = shaped;
    const auto note = [&](const References& now, const References& then, auto& to, auto& from) {
        for (const auto& [member, dn] : now) {
            if (then.contains(member))
                continue;
            to[member] = csn_;
            from.erase(member);
        }
    };
    note(group.members, before, group.joined, group.left);
    note(before, group.members, group.left, group.joined);
    if (is_inside(*id))
        changes_.back().members = members_since(*id, since);
}

std::optional<directory::MemberChange> RecordedDirectory::members_since(
    const Uuid& id, std::uint64_t since
) const {
    const Node& node = nodes_.at(id);
    if (node.kind != "group" || node.shaped > since || !integrity_)
        return std::nullopt;
    directory::MemberChange change;
    change.anchor = id;
    change.attribute = "Member";
    const auto collect = [&](const auto& stamps, auto& members) {
        for (const auto& [member, csn] : stamps) {
            if (csn > since)
                members.push_back({dn_of(member), *ldap::dn_key(dn_of(member)), member});
        }
    };
    collect(node.joined, change.added);
    collect(node.left, change.removed);
    return change;
}

void RecordedDirectory::step_manager() {
    const auto id = any("user");
    if (!id)
        return;
    nodes_[*id].manager.clear();
    if (const auto manager = any("user"); manager && pick(3) != 0)
        nodes_[*id].manager[*manager];
    touch(*id);
}

void RecordedDirectory::step_user_name() {
    const auto id = any("user");
    if (!id)
        return step_add();
    Node& node = nodes_[*id];
    node.uid = people_ == People::any && pick(10) == 0 ? std::string() : any_uid(node.uid);
    touch(*id);
}

void RecordedDirectory::step_swap() {
    const auto left = any("user");
    const auto right = any("user");
    if (!left || !right || left == right)
        return;
    std::swap(nodes_[*left].uid, nodes_[*right].uid);
    touch(*left);
    touch(*right);
}

void RecordedDirectory::step_kind() {
    const auto id = any(pick(2) == 0 ? "user" : "account");
    if (!id)
        return;
    if (is_servable(*id))
        note_absent(*id);
    Node& node = nodes_[*id];
    node.kind = node.kind == "user" ? "account" : "user";
    if (people_ == People::joinable && node.uid.empty())
        node.uid = any_uid(fmt::format("only{}", ++last_id_));
    touch(*id);
}

void RecordedDirectory::step_title() {
    const auto id = any("user");
    if (!id)
        return;
    nodes_[*id].title = pick(8);
    touch(*id);
}

void RecordedDirectory::step_number() {
    const auto id = any("user");
    if (!id)
        return;
    nodes_[*id].number = pick(numbers);
    touch(*id);
}

}  // namespace bascule::test

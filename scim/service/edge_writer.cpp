#include "scim/service/edge_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <unordered_set>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/source_dn.hpp"

namespace bascule::scim {
namespace {

using directory::EdgeKind;
using directory::ObjectRow;
using directory::Oid;

constexpr std::size_t page_size = 1000;
constexpr std::size_t most_names_in_detail = 20;
constexpr std::size_t most_ids_in_journal = 100;

bool is_allowed_type(EdgeKind kind, std::string_view type) {
    switch (kind) {
        case EdgeKind::member:
        case EdgeKind::unit_member:
            return type == "User" || type == "Group";
        case EdgeKind::manager:
        case EdgeKind::owner:
            return type == "User";
    }
    return false;
}

std::string_view noun_of(EdgeKind kind) {
    return kind == EdgeKind::manager ? "manager" : "members";
}

std::string_view allowed_types(EdgeKind kind) {
    return kind == EdgeKind::manager || kind == EdgeKind::owner ? "a user" : "users or groups";
}

Error unknown_targets(EdgeKind kind, const std::vector<std::string_view>& ids) {
    std::string detail =
        "No such " + std::string(kind == EdgeKind::manager ? "user" : "user or group") + ":";
    for (std::size_t i = 0; i < std::min(ids.size(), most_names_in_detail); ++i) {
        detail += (i == 0 ? " " : ", ") + printable(ids[i], 64);
    }
    if (ids.size() > most_names_in_detail) {
        detail += " and " + std::to_string(ids.size() - most_names_in_detail) + " more";
    }
    return Error{
        ErrorKind::invalid_input,
        "invalid_value",
        detail + ". Nothing was changed.",
        std::string(noun_of(kind)),
        {}};
}

void remember(std::vector<Uuid>& ids, const Uuid& id) {
    if (ids.size() < most_ids_in_journal) {
        ids.push_back(id);
    }
}

}  // namespace

EdgeWriter::EdgeWriter(
    const Engine& engine, const TypeView& view, directory::Transaction& transaction,
    const ObjectRow& owner, const authority::Authority& authority, const ClientProfile& profile
)
    : engine_(engine),
      view_(view),
      transaction_(transaction),
      owner_(owner),
      authority_(authority),
      profile_(profile) {}

Status EdgeWriter::apply(const EdgeChange& change) {
    BASCULE_TRY(const Plan wanted, plan(change));
    if (wanted.add.empty() && wanted.remove.empty()) {
        return {};
    }
    BASCULE_CHECK(check_not_emptied(change.kind, wanted));
    BASCULE_CHECK(require_authority(change.kind));
    return carry_out(change.kind, wanted);
}

Result<std::vector<ObjectRow>> EdgeWriter::resolve(const EdgeChange& change) const {
    std::vector<ObjectRow> rows;
    std::vector<std::string_view> unknown;
    for (const std::string& text : change.targets) {
        const auto id = parse_uuid(text);
        std::optional<ObjectRow> row;
        if (id) {
            BASCULE_TRY(row, transaction_.find_row(*id));
        }
        if (!row || !is_allowed_type(change.kind, engine_.registry.spec(row->type).name)) {
            unknown.push_back(text);
        } else {
            rows.push_back(*std::move(row));
        }
    }
    const bool removing = change.action == EdgeChange::Action::remove;
    if (!unknown.empty() && !removing) {
        return fail(unknown_targets(change.kind, unknown));
    }
    const bool to_itself = std::any_of(rows.begin(), rows.end(), [&](const ObjectRow& row) {
        return row.oid == owner_.oid;
    });
    if (to_itself && !removing) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_value",
            view_.type->name + " '" + printable(owner_.display) + "' cannot refer to itself; " +
                std::string(noun_of(change.kind)) + " must be other " +
                std::string(allowed_types(change.kind)) + ".",
            std::string(noun_of(change.kind)),
            {}});
    }
    return rows;
}

Result<std::vector<ObjectRow>> EdgeWriter::present_targets(EdgeKind kind) const {
    std::vector<ObjectRow> all;
    Oid after{};
    for (bool more = true; more;) {
        BASCULE_TRY(
            std::vector<ObjectRow> page,
            transaction_.edge_targets(kind, owner_.oid, after, page_size)
        );
        more = page.size() == page_size;
        after = page.empty() ? after : page.back().oid;
        std::move(page.begin(), page.end(), std::back_inserter(all));
    }
    return all;
}

Result<EdgeWriter::Plan> EdgeWriter::plan(const EdgeChange& change) const {
    BASCULE_TRY(std::vector<ObjectRow> rows, resolve(change));
    const bool adds = change.action == EdgeChange::Action::add;
    if (change.action == EdgeChange::Action::clear ||
        change.action == EdgeChange::Action::replace || (adds && !is_multi_valued(change.kind))) {
        return plan_replacement(change.kind, std::move(rows));
    }
    Plan plan;
    for (ObjectRow& row : rows) {
        BASCULE_TRY(const bool present, transaction_.has_edge(change.kind, owner_.oid, row.oid));
        if (adds && !present) {
            plan.add.push_back(std::move(row));
        } else if (!adds && present) {
            plan.remove.push_back(std::move(row));
        }
    }
    return plan;
}

Result<EdgeWriter::Plan> EdgeWriter::plan_replacement(EdgeKind kind, std::vector<ObjectRow> wanted)
    const {
    if (!is_multi_valued(kind) && wanted.size() > 1) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_value",
            "Only one " + std::string(noun_of(kind)) + " can be set.",
            std::string(noun_of(kind)),
            {}});
    }
    BASCULE_TRY(std::vector<ObjectRow> present, present_targets(kind));
    std::unordered_set<std::int64_t> missing;
    for (const ObjectRow& row : wanted) {
        missing.insert(static_cast<std::int64_t>(row.oid));
    }
    Plan plan;
    for (ObjectRow& row : present) {
        if (missing.erase(static_cast<std::int64_t>(row.oid)) == 0) {
            plan.remove.push_back(std::move(row));
        }
    }
    plan.removes_all = plan.remove.size() == present.size();
    for (ObjectRow& row : wanted) {
        if (missing.erase(static_cast<std::int64_t>(row.oid)) == 1) {
            plan.add.push_back(std::move(row));
        }
    }
    return plan;
}

Status EdgeWriter::require_authority(EdgeKind kind) const {
    if (!owner_.is_synced()) {
        return {};
    }
    BASCULE_TRY(const std::string dn, source_dn(transaction_, owner_));
    return authority_.may_write_edges(engine_.registry, owner_, kind, dn);
}

Status EdgeWriter::check_not_emptied(EdgeKind kind, const Plan& plan) const {
    if (profile_.remove_all_members == Rule::accept || !plan.removes_all || !plan.add.empty() ||
        !is_multi_valued(kind)) {
        return {};
    }
    return fail(profile_refusal(
        profile_, "remove_all_members", "invalid_value",
        "This would take all " + std::to_string(plan.remove.size()) + " members out of " +
            view_.type->name + " '" + printable(owner_.display) + "'",
        "name the members to remove.", "members"
    ));
}

Status EdgeWriter::carry_out(EdgeKind kind, const Plan& plan) {
    EdgeDelta& delta = delta_of(kind);
    if (plan.removes_all) {
        BASCULE_CHECK(transaction_.clear_edges(kind, owner_.oid).map([](std::uint64_t) {}));
    }
    for (const ObjectRow& row : plan.remove) {
        bool removed = plan.removes_all;
        if (!removed) {
            BASCULE_TRY(removed, transaction_.remove_edge(kind, owner_.oid, row.oid));
        }
        if (removed) {
            ++delta.removed;
            remember(delta.removed_ids, row.id);
        }
    }
    for (const ObjectRow& row : plan.add) {
        BASCULE_TRY(const bool added, transaction_.add_edge(kind, owner_.oid, row.oid));
        if (added) {
            ++delta.added;
            delta.added_groups += engine_.registry.spec(row.type).name == "Group" ? 1 : 0;
            remember(delta.added_ids, row.id);
        }
    }
    return {};
}

bool EdgeWriter::is_multi_valued(EdgeKind kind) const {
    return std::any_of(view_.edges.begin(), view_.edges.end(), [&](const EdgeAttribute& attribute) {
        return attribute.kind == kind && attribute.multi_valued;
    });
}

EdgeDelta& EdgeWriter::delta_of(EdgeKind kind) {
    for (EdgeDelta& delta : deltas_) {
        if (delta.kind == kind) {
            return delta;
        }
    }
    deltas_.push_back({kind, 0, 0, 0, {}, {}});
    return deltas_.back();
}

}  // namespace bascule::scim

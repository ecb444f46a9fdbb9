#include "directory/mirror/hold_selection.hpp"

#include <algorithm>
#include <string_view>

namespace bascule::mirror {

using directory::Reader;

namespace {

/// Which objects are selected, by id or by place.
class Chooser {
  public:
    Chooser(Reader& reader, const HoldSelection& selection)
        : reader_(reader), selection_(selection) {}

    Result<bool> takes(const Uuid& id) {
        if (selection_.ids.contains(id)) {
            return true;
        }
        if (selection_.below.empty()) {
            return false;
        }
        BASCULE_TRY(const auto row, reader_.find_row(id));
        if (!row) {
            return false;
        }
        BASCULE_TRY(const auto entry, reader_.find_entry(row->oid));
        return entry && std::ranges::any_of(selection_.below, [&](const std::string& top) {
                   return entry->dn_key.starts_with(top);
               });
    }

  private:
    Reader& reader_;
    const HoldSelection& selection_;
};

Status part_entries(
    Chooser& chooser, const ObjectIds& ids, const std::set<Uuid>& anchors, std::set<Uuid>& chosen,
    std::set<Uuid>& rest
) {
    for (const Uuid& anchor : anchors) {
        BASCULE_TRY(const bool takes, chooser.takes(ids.of(anchor)));
        (takes ? chosen : rest).insert(anchor);
    }
    return {};
}

/// A membership goes with its group or, named by itself, with its member.
Status part_members(
    Chooser& chooser, const HoldSelection& selection, const HeldPlan& plan, HeldPlan& chosen,
    HeldPlan& rest
) {
    for (const auto& [group, members] : plan.memberships) {
        BASCULE_TRY(const bool whole, chooser.takes(group));
        for (const Uuid& member : members) {
            const bool takes = whole || selection.ids.contains(member);
            (takes ? chosen : rest).memberships[group].insert(member);
        }
    }
    return {};
}

Status part_attributes(Chooser& chooser, const HeldPlan& plan, HeldPlan& chosen, HeldPlan& rest) {
    for (const auto& [attribute, objects] : plan.attributes) {
        for (const Uuid& id : objects) {
            BASCULE_TRY(const bool takes, chooser.takes(id));
            (takes ? chosen : rest).attributes[attribute].insert(id);
        }
    }
    return {};
}

Result<std::string> name_of(Reader& reader, const Uuid& id) {
    BASCULE_TRY(const auto row, reader.find_row(id));
    if (!row) {
        return id.to_string();
    }
    BASCULE_TRY(const auto entry, reader.find_entry(row->oid));
    return entry ? row->display + " (" + entry->dn + ")" : row->display;
}

/// What `left` has and `right` lacks.
class OneSide {
  public:
    OneSide(Reader& reader, const ObjectIds& ids, std::size_t limit)
        : reader_(reader), ids_(ids), limit_(limit) {}

    Result<std::vector<std::string>> of(const HeldPlan& left, const HeldPlan& right) {
        out_.clear();
        for (const Uuid& anchor : left.deletes) {
            BASCULE_CHECK(add("delete ", ids_.of(anchor), right.deletes.contains(anchor), {}));
        }
        for (const Uuid& anchor : left.unmatched) {
            BASCULE_CHECK(add("unmatched ", ids_.of(anchor), right.unmatched.contains(anchor), {}));
        }
        for (const auto& [group, members] : left.memberships) {
            const auto other = right.memberships.find(group);
            for (const Uuid& member : members) {
                const bool both =
                    other != right.memberships.end() && other->second.contains(member);
                BASCULE_CHECK(add("membership of ", member, both, group));
            }
        }
        for (const auto& [attribute, objects] : left.attributes) {
            const auto other = right.attributes.find(attribute);
            for (const Uuid& id : objects) {
                const bool both = other != right.attributes.end() && other->second.contains(id);
                BASCULE_CHECK(add(attribute + " of ", id, both, {}));
            }
        }
        return std::move(out_);
    }

  private:
    Status add(std::string text, const Uuid& id, bool both, const std::optional<Uuid>& group) {
        if (both || out_.size() >= limit_) {
            return {};
        }
        BASCULE_TRY(const std::string name, name_of(reader_, id));
        text += name;
        if (group) {
            BASCULE_TRY(const std::string of, name_of(reader_, *group));
            text += " in " + of;
        }
        out_.push_back(std::move(text));
        return {};
    }

    Reader& reader_;
    const ObjectIds& ids_;
    std::size_t limit_;
    std::vector<std::string> out_;
};

}  // namespace

Result<std::pair<HeldPlan, HeldPlan>> part_plan(
    Reader& reader, const ObjectIds& ids, const HeldPlan& plan, const HoldSelection& selection
) {
    if (selection.is_everything()) {
        return std::pair(plan, HeldPlan());
    }
    HeldPlan chosen;
    HeldPlan rest;
    chosen.since = rest.since = plan.since;
    rest.judged = plan.judged;
    Chooser chooser(reader, selection);
    BASCULE_CHECK(part_entries(chooser, ids, plan.deletes, chosen.deletes, rest.deletes));
    BASCULE_CHECK(part_entries(chooser, ids, plan.unmatched, chosen.unmatched, rest.unmatched));
    BASCULE_CHECK(part_members(chooser, selection, plan, chosen, rest));
    BASCULE_CHECK(part_attributes(chooser, plan, chosen, rest));
    return std::pair(std::move(chosen), std::move(rest));
}

Result<PlanComparison> compare_plans(
    Reader& reader, const ObjectIds& ids, const HeldPlan& first, const HeldPlan& second,
    std::size_t limit
) {
    OneSide side(reader, ids, limit);
    PlanComparison comparison;
    BASCULE_TRY(comparison.missing, side.of(first, second));
    BASCULE_TRY(comparison.added, side.of(second, first));
    return comparison;
}

}  // namespace bascule::mirror

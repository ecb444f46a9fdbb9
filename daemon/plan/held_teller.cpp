#include "daemon/plan/held_teller.hpp"

#include <algorithm>
#include <set>

#include "directory/base/json_text.hpp"
#include "directory/mirror/identity.hpp"

namespace bascule::daemon {

using directory::Reader;
using mirror::HeldPlan;

namespace {

constexpr std::size_t most_groups = 100;

/// One line each.
class HeldLines {
  public:
    HeldLines(
        Reader& reader, const HeldQuestion& question, DifferenceFile& out, HeldFigures& figures
    )
        : reader_(reader),
          question_(question),
          ids_(question.source),
          out_(out),
          figures_(figures) {}

    Status add_entries(
        const char* kind, const std::set<Uuid>& anchors, const std::set<Uuid>& former
    ) {
        for (const Uuid& anchor : anchors) {
            const Uuid id = ids_.of(anchor);
            BASCULE_CHECK(add(kind, id, former.contains(anchor), figures_.limit, {}, {}));
        }
        return {};
    }

    Status add_members(const Uuid& group, const std::set<Uuid>& members) {
        const auto before = question_.former.memberships.find(group);
        BASCULE_TRY(const auto row, reader_.find_row(group));
        std::uint64_t size = 0;
        if (row) {
            BASCULE_TRY(size, reader_.count_edges(directory::EdgeKind::member, row->oid));
        }
        const std::string display = row ? row->display : group.to_string();
        if (figures_.groups.size() < most_groups) {
            figures_.groups.push_back({display, members.size(), size});
        }
        for (const Uuid& member : members) {
            const bool already =
                before != question_.former.memberships.end() && before->second.contains(member);
            BASCULE_CHECK(add("membership", member, already, "guard.memberships", "group", display)
            );
        }
        return {};
    }

    Status add_attribute(const std::string& attribute, const std::set<Uuid>& ids) {
        const auto before = question_.former.attributes.find(attribute);
        figures_.attributes[attribute] = ids.size();
        for (const Uuid& id : ids) {
            const bool already =
                before != question_.former.attributes.end() && before->second.contains(id);
            BASCULE_CHECK(
                add("attribute", id, already, "guard.attribute_loss", "attribute", attribute)
            );
        }
        return {};
    }

  private:
    Status add(
        std::string_view kind, const Uuid& id, bool already, std::string_view limit,
        std::string_view detail, std::string_view value
    ) {
        BASCULE_TRY(const auto row, reader_.find_row(id));
        std::string dn;
        if (row) {
            BASCULE_TRY(const auto entry, reader_.find_entry(row->oid));
            dn = entry ? entry->dn : std::string();
        }
        std::string line;
        JsonWriter json(line);
        json.begin_object()
            .field("source", question_.source)
            .field("change", "held")
            .field("kind", kind)
            .field("id", id.to_string())
            .field("display", row ? row->display : std::string())
            .field("dn", dn)
            .field("limit", limit);
        if (!detail.empty()) {
            json.field(detail, value);
        }
        json.key("already").boolean(already).end_object();
        return out_.add(line);
    }

    Reader& reader_;
    const HeldQuestion& question_;
    mirror::ObjectIds ids_;
    DifferenceFile& out_;
    HeldFigures& figures_;
};

/// Which limit holds so many of the source's objects.
Result<std::string> limit_of(Reader& reader, const HeldQuestion& question, std::size_t count) {
    BASCULE_TRY(const auto state, reader.source_state(question.source));
    if (!state) {
        return std::string("guard.deletes");
    }
    BASCULE_TRY(const auto total, reader.count_entries(state->id, directory::EntryState::mirrored));
    const mirror::RemovalGuard guard(question.limits);
    return std::string(guard.allows_live(count, total, Time{}) ? "guard.emptied" : "guard.deletes");
}

}  // namespace

Status tell_held(
    directory::Store& store, const HeldQuestion& question, DifferenceFile& out, HeldFigures& figures
) {
    return store.read([&](Reader& reader) -> Status {
        const HeldPlan& held = question.held;
        figures = {};
        figures.total = held.size();
        figures.deletes = held.deletes.size();
        figures.unmatched = held.unmatched.size();
        BASCULE_TRY(figures.limit, limit_of(reader, question, figures.deletes + figures.unmatched));
        HeldLines lines(reader, question, out, figures);
        BASCULE_CHECK(lines.add_entries("delete", held.deletes, question.former.deletes));
        BASCULE_CHECK(lines.add_entries("unmatched", held.unmatched, question.former.unmatched));
        for (const auto& [group, members] : held.memberships) {
            BASCULE_CHECK(lines.add_members(group, members));
        }
        for (const auto& [attribute, ids] : held.attributes) {
            BASCULE_CHECK(lines.add_attribute(attribute, ids));
        }
        return {};
    });
}

}  // namespace bascule::daemon

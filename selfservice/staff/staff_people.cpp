#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "directory/base/text.hpp"
#include "selfservice/staff/staff_service.hpp"

namespace bascule::selfservice {
namespace {

using access::Action;
using access::Assignment;
using access::Caller;
using directory::EdgeKind;
using directory::Filter;
using directory::Object;
using directory::ObjectRow;
using directory::Oid;
using directory::Reader;
using directory::Registry;

constexpr std::size_t longest_page = 200;

tl::unexpected<Error> not_authorised() {
    return fail(
        ErrorKind::forbidden, "not_authorised",
        "You are not authorised to use My Staff. Ask your administrator for a role or access."
    );
}

/// Does the role open My Staff? Any role for a unit does; for the organisation it must be able to
/// do something there.
bool opens_staff(const Assignment& assignment) {
    if (assignment.unit) {
        return access::is_unit_scopable(assignment.role);
    }
    return access::is_acting_role(Action::reset_password, assignment.role);
}

bool reaches_organisation(const std::vector<Assignment>& assignments) {
    return std::ranges::any_of(assignments, [](const Assignment& held) { return !held.unit; });
}

bool mentions(const Person& person, std::string_view folded) {
    const auto holds = [&](const std::string& text) {
        return fold_case(text).find(folded) != std::string::npos;
    };
    return folded.empty() || holds(person.display_name) || holds(person.user_name) ||
           holds(person.mail);
}

Filter contains_text(const Registry& registry, directory::TypeId type, const std::string& text) {
    Filter any;
    any.kind = Filter::Kind::any_of;
    for (const directory::AttributePath& path :
         {directory::AttributePath{"", "displayName", ""},
          {"", "userName", ""},
          {"", "emails", "value"}}) {
        const auto attribute = registry.find_attribute(type, path);
        if (!attribute) {
            continue;
        }
        Filter comparison;
        comparison.kind = Filter::Kind::comparison;
        comparison.attribute = attribute;
        comparison.spec = registry.spec(*attribute);
        comparison.path = path;
        comparison.op = directory::Operator::co;
        comparison.value = text;
        any.children.push_back(std::move(comparison));
    }
    return any;
}

tl::unexpected<Error> invalid_cursor() {
    return fail(
        ErrorKind::invalid_input, "invalid_cursor",
        "The cursor is not one of ours. Start at the first page."
    );
}

}  // namespace

Status StaffService::require_audience(Reader& reader, const Caller& caller) const {
    if (access_.audience == StaffAccess::Audience::everybody) {
        return {};
    }
    if (access_.audience == StaffAccess::Audience::nobody || !caller.actor.id) {
        return not_authorised();
    }
    BASCULE_TRY(const auto row, reader.find_row(*caller.actor.id));
    if (!row) {
        return not_authorised();
    }
    BASCULE_TRY(const auto groups, reader.reaching(EdgeKind::member, row->oid));
    for (const directory::Neighbour& group : groups) {
        const bool chosen = std::ranges::any_of(access_.groups, [&](const std::string& name) {
            return name == group.row.id.to_string() ||
                   fold_case(name) == fold_case(group.row.display);
        });
        if (chosen) {
            return {};
        }
    }
    return not_authorised();
}

Result<std::vector<Assignment>> StaffService::require_staff_roles(
    Reader& reader, const Caller& caller
) const {
    BASCULE_CHECK(require_audience(reader, caller));
    if (!caller.actor.id) {
        return not_authorised();
    }
    BASCULE_TRY(auto assignments, resolver_.assignments_of(reader, *caller.actor.id));
    std::erase_if(assignments, [](const Assignment& held) { return !opens_staff(held); });
    if (assignments.empty()) {
        return not_authorised();
    }
    return assignments;
}

Result<Locations> StaffService::read_locations(Reader& reader, const Caller& caller) const {
    BASCULE_TRY(const auto assignments, require_staff_roles(reader, caller));
    Locations locations;
    locations.whole_organisation = reaches_organisation(assignments);
    std::vector<Object> units;
    if (locations.whole_organisation) {
        directory::Query query;
        query.type = store_.registry().type("AdministrativeUnit");
        query.limit = 1000;
        BASCULE_TRY(auto found, reader.query(query));
        units = std::move(found.objects);
    } else {
        for (const Assignment& held : assignments) {
            BASCULE_TRY(auto unit, reader.find(*held.unit));
            const bool listed = std::ranges::any_of(units, [&](const Object& one) {
                return one.row.id == *held.unit;
            });
            if (unit && !listed) {
                units.push_back(std::move(*unit));
            }
        }
    }
    for (const Object& unit : units) {
        Location location{
            unit.row.id,
            unit.row.display,
            access::AccessResolver::is_restricted_unit(unit),
            {},
            unit.row.references};
        for (const Assignment& held : assignments) {
            if (held.unit == unit.row.id) {
                location.roles.emplace_back(access::name_of(held.role));
            }
        }
        locations.units.push_back(std::move(location));
    }
    std::ranges::sort(locations.units, {}, [](const Location& location) {
        return fold_case(location.display_name);
    });
    return locations;
}

Result<Locations> StaffService::locations(const Caller& caller) {
    Locations locations;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(locations, read_locations(reader, caller));
        return {};
    }));
    return locations;
}

Result<StaffPage> StaffService::members_of_unit(
    Reader& reader, const Uuid& unit_id, const StaffQuery& query
) const {
    constexpr std::size_t batch = 200;
    const Registry& registry = store_.registry();
    BASCULE_TRY(const auto unit, reader.find_row(unit_id));
    if (!unit || unit->type != registry.type("AdministrativeUnit")) {
        return fail(ErrorKind::not_found, "not_found", "There is no such location.");
    }
    Oid after{};
    if (!query.cursor.empty()) {
        const auto last = parse_uuid(query.cursor);
        if (!last) {
            return invalid_cursor();
        }
        BASCULE_TRY(const auto row, reader.find_any(*last));
        if (!row) {
            return invalid_cursor();
        }
        after = row->row.oid;
    }
    const std::string text = fold_case(query.text);
    StaffPage page;
    while (true) {
        BASCULE_TRY(
            const auto rows, reader.edge_targets(EdgeKind::unit_member, unit->oid, after, batch)
        );
        for (const ObjectRow& row : rows) {
            after = row.oid;
            if (row.type != registry.type("User")) {
                continue;  // a group in a unit does not bring its members
            }
            BASCULE_TRY(const auto user, reader.find(row.oid));
            if (!user || !mentions(person_of(*user), text)) {
                continue;
            }
            if (page.people.size() == query.limit) {
                page.next_cursor = page.people.back().person.row.id.to_string();
                return page;
            }
            page.people.push_back({person_of(*user), {}, {}});
        }
        if (rows.size() < batch) {
            return page;
        }
    }
}

Result<StaffPage> StaffService::whole_organisation(Reader& reader, const StaffQuery& query) const {
    const Registry& registry = store_.registry();
    directory::Query users;
    users.type = registry.type("User");
    users.limit = query.limit;
    if (!query.text.empty()) {
        users.filter = contains_text(registry, users.type, query.text);
    }
    if (!query.cursor.empty()) {
        const char* end = query.cursor.data() + query.cursor.size();
        const auto parsed = std::from_chars(query.cursor.data(), end, users.offset);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            return invalid_cursor();
        }
    }
    BASCULE_TRY(const auto found, reader.query(users));
    StaffPage page;
    for (const Object& user : found.objects) {
        page.people.push_back({person_of(user), {}, {}});
    }
    const std::uint64_t next = users.offset + found.objects.size();
    if (!found.objects.empty() && next < found.total) {
        page.next_cursor = std::to_string(next);
    }
    return page;
}

Status StaffService::judge(Reader& reader, const Caller& caller, StaffPage& page) const {
    BASCULE_TRY(auto assignments, resolver_.assignments_of(reader, *caller.actor.id));
    const access::ActorAssignments actor{std::move(assignments)};
    for (StaffMember& member : page.people) {
        BASCULE_TRY(
            const auto target, resolver_.target(reader, member.person.row, *caller.actor.id)
        );
        if (const auto decision = access::decide(Action::reset_password, actor, target);
            !decision) {
            member.reset_refusal = decision.error();
        }
        if (member.person.row.is_synced()) {
            const auto source = directories_.find(member.person.row.source);
            member.source_name =
                source ? source->source_name : "a directory that is no longer connected";
        }
    }
    return {};
}

Result<StaffPage> StaffService::people(const Caller& caller, const StaffQuery& query) {
    if (query.limit < 1 || query.limit > longest_page) {
        return fail(
            ErrorKind::invalid_input, "invalid_limit",
            fmt::format("A page holds 1 to {} people.", longest_page)
        );
    }
    StaffPage page;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(const auto assignments, require_staff_roles(reader, caller));
        const bool in_scope =
            reaches_organisation(assignments) ||
            (query.unit &&
             std::ranges::find(assignments, query.unit, &Assignment::unit) != assignments.end());
        if (!in_scope) {
            return fail(
                ErrorKind::forbidden, "outside_scope", "You have no role for this location."
            );
        }
        if (query.unit) {
            BASCULE_TRY(page, members_of_unit(reader, *query.unit, query));
        } else {
            BASCULE_TRY(page, whole_organisation(reader, query));
        }
        return judge(reader, caller, page);
    }));
    return page;
}

}  // namespace bascule::selfservice

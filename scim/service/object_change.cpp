#include "scim/service/object_change.hpp"

#include <optional>
#include <utility>

#include "directory/base/text.hpp"
#include "directory/model/journal_details.hpp"
#include "scim/codec/document.hpp"
#include "scim/service/attribute_access.hpp"
#include "scim/service/change_record.hpp"
#include "scim/service/external_id_rule.hpp"
#include "scim/service/mastered_attributes.hpp"
#include "scim/service/negotiation.hpp"
#include "scim/service/source_dn.hpp"
#include "scim/service/type_rules.hpp"
#include "scim/service/value_changes.hpp"

namespace bascule::scim {
namespace {

using directory::Object;
using directory::ObjectRow;

std::string joined(const std::vector<Uuid>& ids) {
    std::string text;
    for (const Uuid& id : ids) {
        text += text.empty() ? "" : " ";
        text += id.to_string();
    }
    return text;
}

}  // namespace

ObjectChange::ObjectChange(
    const Engine& engine, const TypeView& view, const Call& call,
    directory::Transaction& transaction
)
    : engine_(engine.whole()),
      view_(*engine_.view_of(view.type->type)),
      call_(call),
      transaction_(transaction),
      authority_(engine.with.authority()) {}

Result<Object> ObjectChange::load(const Uuid& id) {
    BASCULE_TRY(std::optional<Object> object, transaction_.find(id));
    if (!object || object->row.type != view_.type->type) {
        return fail(no_such_resource(view_, id.to_string()));
    }
    BASCULE_CHECK(check_if_match(call_.request, object->row, call_.profile));
    parts_.clear();
    if (object->row.is_synced()) {
        BASCULE_TRY(parts_, authority::joined_parts(transaction_, object->row.oid));
    }
    return *std::move(object);
}

Status ObjectChange::create(const Uuid& id, const WantedState& wanted) {
    BASCULE_CHECK(check_may_write(call_.caller, view_, "{}", wanted.body));
    BASCULE_CHECK(check_document(engine_, view_, transaction_, wanted.body));
    BASCULE_CHECK(check_external_id(view_, call_.profile, transaction_, id, wanted.body));
    Object object;
    object.row.id = id;
    object.row.type = view_.type->type;
    object.row.display = display_of(wanted.body);
    object.body = wanted.body;
    BASCULE_CHECK(check_privileged(engine_, call_.caller, object));
    BASCULE_TRY(object.row.oid, store_new(object));
    BASCULE_CHECK(journal(
        activity_of(view_, Change::add, wanted.body), object.row, {},
        changed_values(view_, {}, wanted.body)
    ));
    BASCULE_CHECK(apply_edges(object, wanted.edges));
    BASCULE_CHECK(check_required_edges(object.row, "invalid_value"));
    return set_password(object.row, wanted);
}

Status ObjectChange::reserve(
    directory::Transaction& transaction, const TypeView& view, const Uuid& id
) {
    BASCULE_TRY(const std::optional<ObjectRow> row, transaction.find_row(id));
    if (row) {
        return {};
    }
    directory::NewObject empty;
    empty.id = id;
    empty.type = view.type->type;
    empty.body = with_id(R"({"schemas":[")" + view.type->schema->id + R"("]})", id);
    return transaction.create(std::move(empty)).map([](directory::Oid) {});
}

Result<directory::Oid> ObjectChange::store_new(const Object& object) {
    BASCULE_TRY(const std::optional<ObjectRow> reserved, transaction_.find_row(object.row.id));
    if (reserved) {
        BASCULE_CHECK(
            transaction_.update(reserved->oid, object.body, {}, object.row.display).map([](bool) {})
        );
        return reserved->oid;
    }
    directory::NewObject fresh;
    fresh.id = object.row.id;
    fresh.type = object.row.type;
    fresh.display = object.row.display;
    fresh.body = object.body;
    return transaction_.create(std::move(fresh));
}

Status ObjectChange::update(const Object& before, const WantedState& wanted) {
    BASCULE_CHECK(check_privileged(engine_, call_.caller, before));
    Object after{before.row, wanted.body, {}};
    BASCULE_CHECK(check_privileged(engine_, call_.caller, after));
    std::string changed;
    if (wanted.body != before.body) {
        BASCULE_CHECK(check_may_write(call_.caller, view_, before.body, wanted.body));
        BASCULE_CHECK(check_changes(engine_, transaction_, *authority_, before, parts_, wanted.body)
        );
        BASCULE_CHECK(check_switches(view_, before.body, wanted.body));
        BASCULE_CHECK(check_document(engine_, view_, transaction_, wanted.body));
        BASCULE_CHECK(
            check_external_id(view_, call_.profile, transaction_, before.row.id, wanted.body)
        );
        BASCULE_TRY(after.body, settle(before, wanted));
        after.row.display = display_of(after.body);
        BASCULE_TRY(
            const bool updated,
            transaction_.update(
                before.row.oid, after.body,
                local_part(engine_, *authority_, before.row, parts_, after.body), after.row.display
            )
        );
        changed = updated ? names_of(changed_attributes(before.body, after.body)) : std::string{};
    }
    BASCULE_CHECK(apply_edges(after, wanted.edges));
    if (!wanted.edges.empty()) {
        BASCULE_CHECK(
            check_required_edges(before.row, wanted.is_patch ? "mutability" : "invalid_value")
        );
    }
    BASCULE_CHECK(set_password(before.row, wanted));
    if (wanted.has_password && !wanted.password_hash.empty()) {
        changed += changed.empty() ? "password" : ", password";
    }
    if (wanted.source != nullptr && wanted.source->waits()) {
        return fail(wanted.source->must_be_alone());
    }
    return changed.empty() ? Status{}
                           : journal(
                                 activity_of(view_, Change::update), after.row, changed,
                                 changed_values(view_, before.body, after.body)
                             );
}

/// The body with what the directory made of it, where it masters what is changed.
Result<std::string> ObjectChange::settle(const Object& before, const WantedState& wanted) {
    if (wanted.source != nullptr) {
        return wanted.source->settle(*authority_, transaction_, before, parts_, wanted.body);
    }
    SourceWrite none(engine_);
    BASCULE_TRY(auto body, none.settle(*authority_, transaction_, before, parts_, wanted.body));
    return none.waits() ? Result<std::string>(fail(none.must_be_alone())) : std::move(body);
}

Status ObjectChange::remove(const Object& before) {
    BASCULE_CHECK(check_privileged(engine_, call_.caller, before));
    BASCULE_CHECK(check_may_delete(call_.caller, view_));
    if (before.row.is_synced()) {
        BASCULE_TRY(const std::string dn, source_dn(transaction_, before.row));
        BASCULE_CHECK(authority_->may_delete(engine_.registry, before.row, dn));
    }
    BASCULE_CHECK(remove_assignments(before.row.id));
    BASCULE_CHECK(transaction_.remove(before.row.oid));
    if (engine_.with.credentials != nullptr && view_.type->name == "User") {
        BASCULE_CHECK(engine_.with.credentials->erase(transaction_, before.row.id));
    }
    return journal(
        activity_of(view_, Change::remove, before.body), before.row, {},
        changed_values(view_, before.body, {})
    );
}

Status ObjectChange::remove_assignments(const Uuid& id) {
    const auto type = engine_.registry.find_type("RoleAssignment");
    const TypeView* view = type ? engine_.view_of(*type) : nullptr;
    if (view == nullptr || view == &view_) {
        return {};
    }
    constexpr std::size_t batch = 100;
    for (const char* const end : {"principal", "scope"}) {
        const auto attribute = engine_.registry.find_attribute(*type, {"", end, "value"});
        std::vector<Object> found;
        do {
            BASCULE_TRY(
                found, attribute ? transaction_.find_by_term(*attribute, id.to_string(), batch)
                                 : Result<std::vector<Object>>{}
            );
            for (const Object& assignment : found) {
                BASCULE_CHECK(transaction_.remove(assignment.row.oid));
                BASCULE_CHECK(transaction_.append(record_of(
                    call_, *view, activity_of(*view, Change::remove, assignment.body),
                    assignment.row.id, assignment.row.display
                )));
            }
        } while (!found.empty());
    }
    return {};
}

Status ObjectChange::apply_edges(const Object& object, const std::vector<EdgeChange>& changes) {
    if (changes.empty()) {
        return {};
    }
    EdgeWriter writer(engine_, view_, transaction_, object.row, *authority_, call_.profile);
    for (const EdgeChange& change : changes) {
        BASCULE_CHECK(writer.apply(change));
    }
    BASCULE_CHECK(check_no_nesting(object, writer));
    for (const EdgeDelta& delta : writer.deltas()) {
        BASCULE_CHECK(check_may_write_edges(delta.kind));
        BASCULE_CHECK(journal_edges(object.row, delta));
    }
    return {};
}

Status ObjectChange::check_required_edges(const ObjectRow& row, const char* code) {
    for (const EdgeAttribute& edges : view_.edges) {
        const Attribute& attribute = *edges.name.attribute;
        if (!attribute.required || !attribute.own) {
            continue;
        }
        BASCULE_TRY(const auto count, transaction_.count_edges(edges.kind, row.oid));
        if (count == 0) {
            const std::string path = edges.name.path().to_string();
            return fail(Error{ErrorKind::invalid_input, code, path + " is required.", path, {}});
        }
    }
    return {};
}

Status ObjectChange::check_may_write_edges(directory::EdgeKind kind) {
    for (const EdgeAttribute& attribute : view_.edges) {
        if (attribute.kind == kind) {
            BASCULE_CHECK(check_may_write(call_.caller, view_, attribute.name.path()));
        }
    }
    return {};
}

Status ObjectChange::check_no_nesting(const Object& group, const EdgeWriter& edges) {
    if (!is_role_assignable(engine_, group)) {
        return {};
    }
    for (const EdgeDelta& delta : edges.deltas()) {
        if (delta.added_groups != 0) {
            return fail(Error{
                ErrorKind::invalid_input,
                "invalid_value",
                "Group '" + printable(group.row.display) +
                    "' can hold administrator roles, so its members must be users, not groups.",
                "members",
                {}});
        }
    }
    return {};
}

Status ObjectChange::set_password(const ObjectRow& row, const WantedState& wanted) {
    if (!wanted.has_password) {
        return {};
    }
    BASCULE_CHECK(check_may_write(call_.caller, view_, {{}, "password", {}}));
    if (row.is_synced()) {
        BASCULE_TRY(const std::string dn, source_dn(transaction_, row));
        return fail(Error{
            ErrorKind::conflict,
            "mutability",
            "The password of User '" + printable(row.display) + "' is mastered by source '" +
                authority_->source_name(row.source) + "' (" + printable(dn, 500) +
                "); set it with POST /api/v1/staff/users/" + row.id.to_string() +
                "/reset-password.",
            "password",
            {}});
    }
    if (engine_.with.credentials == nullptr) {
        return {};
    }
    if (wanted.password_hash.empty()) {
        return fail(
            ErrorKind::unavailable, "concurrent_change",
            "The user was changed by somebody else at the same moment; send the request again."
        );
    }
    return engine_.with.credentials->put(
        transaction_, row.id, wanted.password_hash, directory::MustChange::no
    );
}

Status ObjectChange::journal_edges(const ObjectRow& row, const EdgeDelta& delta) {
    const auto write = [&](Change change, std::uint64_t count,
                           const std::vector<Uuid>& ids) -> Status {
        if (count == 0) {
            return {};
        }
        auto record = record_of(
            call_, view_, edge_activity_of(view_, delta.kind, change), row.id, row.display
        );
        if (const EdgeAttribute* edges = engine_.edge_of(delta.kind);
            edges != nullptr && edges->name.attribute->own) {
            record.details.emplace_back("attributes", edges->name.path().to_string());
        }
        record.details.emplace_back(change == Change::add ? "added" : "removed", joined(ids));
        record.details.emplace_back("count", std::to_string(count));
        return transaction_.append(std::move(record));
    };
    BASCULE_CHECK(write(Change::remove, delta.removed, delta.removed_ids));
    return write(Change::add, delta.added, delta.added_ids);
}

Status ObjectChange::journal(
    std::string activity, const ObjectRow& row, std::string attributes, std::string values
) {
    auto record = record_of(call_, view_, std::move(activity), row.id, row.display);
    if (!attributes.empty()) {
        record.details.emplace_back("attributes", std::move(attributes));
    }
    if (!values.empty()) {
        record.details.emplace_back(directory::changes_detail, std::move(values));
    }
    return transaction_.append(std::move(record));
}

}  // namespace bascule::scim

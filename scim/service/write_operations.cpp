#include "scim/service/write_operations.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "scim/codec/document.hpp"
#include "scim/patch/patch.hpp"
#include "scim/service/mastered_attributes.hpp"
#include "scim/service/object_change.hpp"
#include "scim/service/resource_view.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::scim {
namespace {

using directory::Durability;
using directory::Object;
using directory::ObjectRow;
using directory::Transaction;
using nlohmann::ordered_json;

http::Response resource_headers(
    const Engine& engine, const TypeView& view, const ObjectRow& row, int status
) {
    http::Response response;
    response.status = status;
    response.set("ETag", entity_tag(row.version));
    response.set("Location", location_of(*view.type, row.id, engine.base_url()));
    return response;
}

/// The resource as it is after the change, read outside the transaction so that rendering delays no
/// writer.
Result<http::Response> respond(
    const Engine& engine, const TypeView& view, const Uuid& id, int status,
    const Projection& projection, MemberLists member_lists = MemberLists::as_projected
) {
    http::Response response;
    const auto load = [&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const std::optional<Object> object, reader.find(id));
        if (!object) {
            return fail(no_such_resource(view, id.to_string()));
        }
        response = resource_headers(engine, view, object->row, status);
        BASCULE_TRY(
            response.body, view_resource(engine, view, reader, *object, projection, member_lists)
        );
        response.content_type = media_type;
        return {};
    };
    BASCULE_CHECK(engine.with.store.read(load));
    return response;
}

/// Slow by intent, so never inside a transaction. A password against the rules is `invalid_value`.
Status hash_password(
    const Engine& engine, const std::optional<Secret>& password, std::string_view body,
    WantedState& wanted
) {
    if (!password) {
        return {};
    }
    wanted.has_password = true;
    if (engine.with.credentials != nullptr) {
        const std::string user_name = json_text_member(body, "userName").value_or("");
        auto hash = engine.with.credentials->hash(*password, user_name);
        if (!hash) {
            Error error = std::move(hash).error();
            if (error.kind == ErrorKind::policy_rejected) {
                error.kind = ErrorKind::invalid_input;
                error.code = "invalid_value";
                error.field = "password";
            }
            return fail(std::move(error));
        }
        wanted.password_hash = *std::move(hash);
    }
    return {};
}

/// Edge attributes become what the body says; those it leaves out are emptied, except on synced
/// objects.
std::vector<EdgeChange> edges_of(const TypeView& view, ResourceDraft& draft, bool clear_omitted) {
    std::vector<EdgeChange> changes;
    for (const EdgeAttribute& attribute : view.edges) {
        const auto named = draft.edges.find(attribute.kind);
        if (named != draft.edges.end()) {
            changes.push_back(
                {EdgeChange::Action::replace, attribute.kind, std::move(named->second)}
            );
        } else if (clear_omitted && attribute.name.attribute->mutability == Mutability::read_write) {
            changes.push_back({EdgeChange::Action::clear, attribute.kind, {}});
        }
    }
    return changes;
}

std::size_t operation_count(const ordered_json& message) {
    if (!message.is_object()) {
        return 0;
    }
    for (const auto& [key, value] : message.items()) {
        if (equals_ignoring_ascii_case(key, "Operations") && value.is_array()) {
            return value.size();
        }
    }
    return 0;
}

Status check_operation_count(const Engine& engine, const ordered_json& message) {
    const std::size_t most = engine.with.options.max_patch_operations;
    if (operation_count(message) <= most) {
        return {};
    }
    return fail(
        ErrorKind::too_large, "too_many_operations",
        "A PATCH takes at most " + std::to_string(most) +
            " operations; send the rest in further requests."
    );
}

/// A PATCH worked out beforehand, good for one version of its object.
struct PreparedPatch {
    std::uint64_t version = 0;  ///< 0: nothing is prepared
    WantedState wanted;
};

Result<WantedState> apply(
    const Engine& engine, const TypeView& view, const Object& object, const ordered_json& message,
    std::optional<Secret>& password
) {
    BASCULE_TRY(
        PatchOutcome outcome,
        apply_patch(message, object.body, engine.with.schemas, *view.type, engine.registry)
    );
    WantedState wanted{std::move(outcome.body), std::move(outcome.edges), false, {}};
    wanted.has_password = outcome.password.has_value();
    password = std::move(outcome.password);
    return wanted;
}

/// Does the slow parts, JSON and hashing, before the transaction, so that they hold up no other
/// writer. Whether the PATCH is right is for the transaction to say.
Result<PreparedPatch> prepare(
    const Engine& engine, const TypeView& view, const Uuid& id, const ordered_json& message
) {
    PreparedPatch prepared;
    std::optional<Secret> password;
    const auto load = [&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const std::optional<Object> object, reader.find(id));
        if (!object || object->row.type != view.type->type) {
            return {};
        }
        if (auto wanted = apply(engine, view, *object, message, password)) {
            prepared = {object->row.version, *std::move(wanted)};
            if (object->row.is_synced()) {
                password.reset();
            }
        }
        return {};
    };
    BASCULE_CHECK(engine.with.store.read(load));
    BASCULE_CHECK(hash_password(engine, password, prepared.wanted.body, prepared.wanted));
    return prepared;
}

/// The version that the transaction leaves behind.
Status note_row(Transaction& transaction, const Uuid& id, ObjectRow& row) {
    BASCULE_TRY(const std::optional<ObjectRow> found, transaction.find_row(id));
    row = found.value_or(row);
    return {};
}

}  // namespace

Result<http::Response> create_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(const Projection projection, projection_of(engine, call, view));
    BASCULE_TRY(const ordered_json json, parse_json(call.request.body));
    BASCULE_TRY(
        ResourceDraft draft,
        decode_resource(json, engine.with.schemas, *view.type, DraftPurpose::create)
    );
    const Uuid id = uuid_v7(engine.with.clock.now());
    WantedState wanted;
    wanted.body = with_id(draft.body, id);
    wanted.edges = edges_of(view, draft, false);
    BASCULE_CHECK(hash_password(engine, draft.password, wanted.body, wanted));
    const auto transact = [&](Transaction& transaction) -> Status {
        return ObjectChange(engine, view, call, transaction).create(id, wanted);
    };
    BASCULE_CHECK(engine.with.store.write(Durability::full, transact));
    return respond(engine, view, id, 201, projection);
}

Result<http::Response> replace_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(const Uuid id, target_id(call, view));
    BASCULE_TRY(const Projection projection, projection_of(engine, call, view));
    BASCULE_TRY(const ordered_json json, parse_json(call.request.body));
    const auto decoded =
        decode_resource(json, engine.with.schemas, *view.type, DraftPurpose::replace);
    WantedState wanted;
    Status hashed;
    if (decoded) {
        hashed = hash_password(engine, decoded->password, decoded->body, wanted);
    }
    const auto transact = [&](Transaction& transaction) -> Status {
        ObjectChange change(engine, view, call, transaction);
        BASCULE_TRY(const Object before, change.load(id));
        if (!decoded) {
            return fail(decoded.error());
        }
        // Of a synced user no password is taken at all, which is for the change to say.
        if (!before.row.is_synced()) {
            BASCULE_CHECK(hashed);
        }
        ResourceDraft draft{decoded->body, decoded->edges, std::nullopt, decoded->cleared};
        BASCULE_CHECK(keep_mastered(engine, view, change.authority(), before, draft));
        WantedState state = wanted;
        BASCULE_TRY(
            state.body, replacement_body(before.body, draft, engine.with.schemas, *view.type)
        );
        state.edges = edges_of(view, draft, !before.row.is_synced());
        return change.update(before, state);
    };
    BASCULE_CHECK(engine.with.store.write(Durability::full, transact));
    return respond(engine, view, id, 200, projection);
}

Result<http::Response> patch_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(const Uuid id, target_id(call, view));
    BASCULE_TRY(const Projection projection, projection_of(engine, call, view));
    BASCULE_TRY(const ordered_json message, parse_json(call.request.body));
    BASCULE_CHECK(check_operation_count(engine, message));
    BASCULE_TRY(const PreparedPatch prepared, prepare(engine, view, id, message));
    ObjectRow row;
    const auto transact = [&](Transaction& transaction) -> Status {
        ObjectChange change(engine, view, call, transaction);
        BASCULE_TRY(const Object before, change.load(id));
        WantedState state = prepared.wanted;
        if (prepared.version != before.row.version) {
            std::optional<Secret> password;
            BASCULE_TRY(state, apply(engine, view, before, message, password));
            state.password_hash = prepared.wanted.password_hash;
        }
        BASCULE_CHECK(change.update(before, state));
        return note_row(transaction, id, row);
    };
    BASCULE_CHECK(engine.with.store.write(Durability::full, transact));
    if (view.has_member_list && projection.is_default()) {
        return resource_headers(engine, view, row, 204);
    }
    return respond(engine, view, id, 200, projection, MemberLists::only_when_named);
}

Result<http::Response> delete_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(const Uuid id, target_id(call, view));
    const auto transact = [&](Transaction& transaction) -> Status {
        ObjectChange change(engine, view, call, transaction);
        BASCULE_TRY(const Object before, change.load(id));
        return change.remove(before);
    };
    BASCULE_CHECK(engine.with.store.write(Durability::full, transact));
    http::Response response;
    response.status = 204;
    return response;
}

}  // namespace bascule::scim

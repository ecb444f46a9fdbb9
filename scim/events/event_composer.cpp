#include "scim/events/event_composer.hpp"

#include <algorithm>
#include <utility>

#include "directory/access/caller.hpp"
#include "scim/events/event_uris.hpp"
#include "scim/service/client_engines.hpp"
#include "scim/service/resource_view.hpp"

namespace bascule::scim::events {

using directory::JournalRecord;
using directory::Object;
using directory::ObjectRow;
using directory::Reader;
using Kind = ResourceChange::Kind;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view patch_urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

std::int64_t seconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// Ties the tokens of one change together. Changes of a directory have no request.
std::string transaction_of(const JournalRecord& record) {
    return record.request_id.empty() ? "journal-" + std::to_string(record.sequence)
                                     : record.request_id;
}

/// "emails", "urn:…:User:department" or "urn:…:User:manager" in a rendered resource; null when
/// absent.
Json value_at(const Json& resource, std::string_view path) {
    const auto colon = path.rfind(':');
    const Json* holder = &resource;
    if (path.starts_with("urn:") && colon != std::string_view::npos) {
        const auto extension = resource.find(std::string(path.substr(0, colon)));
        if (extension == resource.end() || !extension->is_object()) {
            return nullptr;
        }
        holder = &*extension;
        path.remove_prefix(colon + 1);
    }
    const auto found = holder->find(std::string(path));
    return found == holder->end() ? Json(nullptr) : *found;
}

/// Every attribute of a rendered resource, extensions by "URN:attribute".
Json attribute_names(const Json& resource) {
    Json names = Json::array();
    for (const auto& [key, value] : resource.items()) {
        if (key == "schemas" || key == "meta") {
            continue;
        }
        if (!key.starts_with("urn:")) {
            names.push_back(key);
            continue;
        }
        for (const auto& [part, ignored] : value.items()) {
            names.push_back(key + ":" + part);
        }
    }
    return names;
}

Json patch_data(Json operations) {
    return {{"schemas", {patch_urn}}, {"Operations", std::move(operations)}};
}

std::string path_of(const ResolvedName& name) {
    return name.extension == nullptr ? name.attribute->name
                                     : name.extension->id + ":" + name.attribute->name;
}

/// The event that tells values, and the one that tells names only.
std::pair<std::string_view, std::string_view> events_of(Kind kind) {
    if (kind == Kind::created) {
        return {uri::create_full, uri::create_notice};
    }
    return kind == Kind::replaced ? std::pair{uri::put_full, uri::put_notice}
                                  : std::pair{uri::patch_full, uri::patch_notice};
}

}  // namespace

/// The tokens of one record for one stream as they come.
struct EventComposer::Draft {
    const JournalRecord& record;
    const EventStream& stream;
    std::vector<EventToken> tokens;
    std::uint32_t composed = 0;  ///< also those that the stream does not tell
};

/// Whom a token is about; without an object when it is gone by now.
struct EventComposer::Subject {
    Json id;  ///< `sub_id`
    std::optional<Object> object;
    Json resource;        ///< as it may be told; null when gone
    std::string version;  ///< ETag; empty when gone

    [[nodiscard]] Json payload() const {
        return version.empty() ? Json::object() : Json{{"version", version}};
    }
};

void EventComposer::add(Draft& draft, Json subject, std::string_view uri, Json payload) const {
    // What is not told has its place too: a token's name is the same whatever its receiver asks
    // for.
    const TokenPlace place{draft.record.sequence, draft.composed++};
    if (!tells(draft.stream, uri)) {
        return;
    }
    EventToken token{token_id(draft.stream, place), place, {}};
    Json claims{
        {"iss", issuer_},
        {"iat", seconds(engine_.with.clock.now())},
        {"jti", token.id},
        {"aud", draft.stream.audience},
        {"txn", transaction_of(draft.record)},
        {"toe", seconds(draft.record.time)},
        {"sub_id", std::move(subject)},
    };
    claims["events"][std::string(uri)] = std::move(payload);
    token.claims = claims.dump();
    draft.tokens.push_back(std::move(token));
}

bool EventComposer::wants(const EventStream& stream, const TypeView& view) const {
    access::Caller reader;
    reader.scopes = stream.scopes;
    const bool named = stream.types.empty() ||
                       std::ranges::find(stream.types, view.type->name) != stream.types.end();
    const bool client_reads =
        !stream.by_client ||
        std::ranges::find(stream.client_scopes, view.read_scope) != stream.client_scopes.end();
    return named && client_reads && reader.has_scope(view.read_scope);
}

Result<Json> EventComposer::resource_of(Reader& reader, const TypeView& view, const Object& object)
    const {
    // Members and groups are told by tokens about memberships; a list may be very long.
    std::vector<std::string> left_out;
    for (const EdgeAttribute& edge : view.edges) {
        if (edge.multi_valued) {
            left_out.push_back(path_of(edge.name));
        }
    }
    if (view.groups) {
        left_out.push_back(path_of(*view.groups));
    }
    BASCULE_TRY(
        const Projection projection,
        Projection::make({}, left_out, engine_.with.schemas, *view.type)
    );
    BASCULE_TRY(const std::string text, view_resource(engine_, view, reader, object, projection));
    return Json::parse(text, nullptr, false);
}

Result<EventComposer::Subject> EventComposer::subject_of(
    Reader& reader, const TypeView& view, const Uuid& id
) const {
    Subject subject;
    const std::string text = id.to_string();
    subject.id = {{"format", "scim"}, {"uri", view.type->endpoint + "/" + text}};
    BASCULE_TRY(subject.object, reader.find(id));
    if (subject.object && subject.object->row.type != view.type->type) {
        subject.object.reset();
    }
    if (subject.object) {
        BASCULE_TRY(subject.resource, resource_of(reader, view, *subject.object));
        subject.version = entity_tag(subject.object->row.version);
        if (const auto external = subject.resource.find("externalId");
            external != subject.resource.end()) {
            subject.id["externalId"] = *external;
        }
    }
    subject.id["id"] = text;
    return subject;
}

Result<bool> EventComposer::is_in_feed(
    Reader& reader, const EventStream& stream, const ResourceChange& change, const Subject& subject
) const {
    if (!stream.group) {
        return true;
    }
    // Who is gone has left the group too; its end is told all the same.
    if (change.kind == Kind::deleted) {
        return true;
    }
    BASCULE_TRY(const std::optional<ObjectRow> group, reader.find_row(*stream.group));
    if (!group || !subject.object) {
        return false;
    }
    return reader.has_edge(directory::EdgeKind::member, group->oid, subject.object->row.oid);
}

Result<std::vector<EventToken>> EventComposer::compose(
    Reader& reader, const JournalRecord& record, const EventStream& stream
) const {
    if (engine_.sees_everything() && stream.rules) {
        access::Caller client;
        client.attributes = stream.rules;
        if (const auto limited = engine_.clients->engine_for(client)) {
            return EventComposer(*limited, issuer_).compose(reader, record, stream);
        }
    }
    Draft draft{record, stream, {}};
    if (record.activity == verification_activity && record.target == stream.id) {
        Json payload = Json::object();
        if (const std::string_view state = detail_of(record, "state"); !state.empty()) {
            payload["state"] = state;
        }
        add(draft, {{"format", "opaque"}, {"id", stream.id.to_string()}}, uri::verification,
            std::move(payload));
        return std::move(draft.tokens);
    }
    if (record.activity == async_activity) {
        if (stream.client && record.actor.id == stream.client &&
            tells(stream, uri::async_response)) {
            const TokenPlace place{record.sequence, 0};
            const std::string id = token_id(stream, place);
            draft.tokens.push_back({id, place, completion_claims(record, id, stream.audience)});
        }
        return std::move(draft.tokens);
    }
    if (const auto change = change_in(engine_, record)) {
        BASCULE_CHECK(compose_change(reader, *change, draft));
    }
    return std::move(draft.tokens);
}

Status EventComposer::compose_change(Reader& reader, const ResourceChange& change, Draft& draft)
    const {
    const EventStream& stream = draft.stream;
    const bool is_feed_group = stream.group && draft.record.target == stream.group;
    if (!is_feed_group && !wants(stream, *change.view)) {
        return {};
    }
    BASCULE_TRY(const Subject subject, subject_of(reader, *change.view, *draft.record.target));
    if (is_feed_group) {
        return compose_feed(reader, change, subject, draft);
    }
    BASCULE_TRY(const bool told, is_in_feed(reader, stream, change, subject));
    if (!told) {
        return {};
    }
    switch (change.kind) {
        case Kind::deleted:
            add(draft, subject.id, uri::delete_, Json::object());
            return {};
        case Kind::targets_added:
        case Kind::targets_removed:
            return compose_members(reader, change, subject, draft);
        case Kind::created:
        case Kind::updated:
        case Kind::replaced:
            return compose_update(reader, change, subject, draft);
    }
    return {};
}

Status EventComposer::compose_update(
    Reader&, const ResourceChange& change, const Subject& subject, Draft& draft
) const {
    const auto [with_values, with_names] = events_of(change.kind);
    const bool full = subject.object && tells(draft.stream, with_values);
    Json payload = subject.payload();
    std::string_view event = full ? with_values : with_names;
    const bool whole = change.kind != Kind::updated;
    if (full && whole) {
        payload["data"] = subject.resource;
        payload["data"].erase("meta");
    } else if (full) {
        Json operations = Json::array();
        for (const std::string& path : change.attributes) {
            const Json value = value_at(subject.resource, path);
            if (path == "password") {
                continue;
            }
            operations.push_back(
                value.is_null() ? Json{{"op", "remove"}, {"path", path}}
                                : Json{{"op", "replace"}, {"path", path}, {"value", value}}
            );
        }
        if (operations.empty()) {  // only what is never told changed
            event = uri::patch_notice;
            payload["attributes"] = change.attributes;
        } else {
            payload["data"] = patch_data(std::move(operations));
        }
    } else if (change.kind == Kind::created) {
        payload["attributes"] =
            subject.object ? attribute_names(subject.resource) : Json::array({"id"});
    } else {
        payload["attributes"] = change.attributes;
    }
    add(draft, subject.id, event, std::move(payload));
    const bool switched = change.kind != Kind::created && subject.object &&
                          std::ranges::find(change.attributes, "active") != change.attributes.end();
    if (switched) {
        const bool active = subject.resource.value("active", true);
        add(draft, subject.id, active ? uri::activate : uri::deactivate, Json::object());
    }
    return {};
}

Status EventComposer::compose_members(
    Reader& reader, const ResourceChange& change, const Subject& subject, Draft& draft
) const {
    const std::string path = path_of(change.edge->name);
    Json payload = subject.payload();
    const bool full =
        tells(draft.stream, uri::patch_full) && subject.object && change.targets_complete;
    if (!full) {
        payload["attributes"] = Json::array({path});
        add(draft, subject.id, uri::patch_notice, std::move(payload));
        return {};
    }
    Json operations = Json::array();
    Json added = Json::array();
    for (const Uuid& id : change.targets) {
        if (change.kind == Kind::targets_removed) {
            operations.push_back(
                {{"op", "remove"}, {"path", path + "[value eq \"" + id.to_string() + "\"]"}}
            );
            continue;
        }
        Json member{{"value", id.to_string()}};
        BASCULE_TRY(const std::optional<ObjectRow> row, reader.find_row(id));
        const TypeView* view = row ? engine_.view_of(row->type) : nullptr;
        if (view != nullptr) {
            member["$ref"] = ".." + view->type->endpoint + "/" + id.to_string();
            member["type"] = view->type->name;
        }
        added.push_back(std::move(member));
    }
    if (change.kind == Kind::targets_added) {
        operations.push_back({{"op", "add"}, {"path", path}, {"value", std::move(added)}});
    }
    payload["data"] = patch_data(std::move(operations));
    add(draft, subject.id, uri::patch_full, std::move(payload));
    return {};
}

/// Joining the stream's group is entering its feed, leaving it is leaving the feed. When too many
/// moved at once, the receiver is told to read the group again.
Status EventComposer::compose_feed(
    Reader& reader, const ResourceChange& change, const Subject& subject, Draft& draft
) const {
    const bool moved = change.kind == Kind::targets_added || change.kind == Kind::targets_removed;
    if (change.kind == Kind::deleted) {
        add(draft, subject.id, uri::delete_, Json::object());
        return {};
    }
    if (!moved) {
        return wants(draft.stream, *change.view) ? compose_update(reader, change, subject, draft)
                                                 : Status{};
    }
    if (!change.targets_complete) {
        Json payload = subject.payload();
        payload["attributes"] = Json::array({path_of(change.edge->name)});
        add(draft, subject.id, uri::patch_notice, std::move(payload));
        return {};
    }
    for (const Uuid& id : change.targets) {
        BASCULE_TRY(const std::optional<ObjectRow> row, reader.find_row(id));
        const TypeView* view = row ? engine_.view_of(row->type) : nullptr;
        if (view == nullptr || !wants(draft.stream, *view)) {
            continue;  // gone meanwhile: a token of its own says so
        }
        BASCULE_TRY(const Subject member, subject_of(reader, *view, id));
        const bool joined = change.kind == Kind::targets_added;
        add(draft, member.id, joined ? uri::feed_add : uri::feed_remove, Json::object());
    }
    return {};
}

std::string EventComposer::completion_claims(
    const JournalRecord& record, std::string id, std::string_view audience
) const {
    Json payload{{"method", detail_of(record, "method")}};
    for (const char* const name : {"bulkId", "version", "location"}) {
        if (const std::string_view value = detail_of(record, name); !value.empty()) {
            payload[name] = value;
        }
    }
    payload["status"] = detail_of(record, "status");
    if (const std::string_view response = detail_of(record, "response"); !response.empty()) {
        payload["response"] = Json::parse(response, nullptr, false);
    }
    Json subject{{"format", "scim"}, {"uri", detail_of(record, "uri")}};
    if (record.target) {
        subject["id"] = record.target->to_string();
    }
    Json claims{
        {"iss", issuer_},
        {"iat", seconds(engine_.with.clock.now())},
        {"jti", std::move(id)},
        {"aud", audience},
        {"txn", transaction_of(record)},
        {"toe", seconds(record.time)},
        {"sub_id", std::move(subject)},
    };
    claims["events"][std::string(uri::async_response)] = std::move(payload);
    return claims.dump();
}

}  // namespace bascule::scim::events

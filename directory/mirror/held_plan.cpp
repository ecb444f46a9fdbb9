#include "directory/mirror/held_plan.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"

namespace bascule::mirror {

namespace {

void write_ids(JsonWriter& json, const std::set<Uuid>& ids) {
    json.begin_array();
    for (const Uuid& id : ids)
        json.text(id.to_string());
    json.end_array();
}

std::set<Uuid> read_ids(std::string_view array) {
    std::set<Uuid> out;
    if (array.empty())
        return out;
    JsonElements elements(array);
    while (const auto element = elements.next()) {
        if (const auto id = parse_uuid(decode_json_string(*element)))
            out.insert(*id);
    }
    return out;
}

void write_removals(JsonWriter& json, const HeldPlan& plan) {
    json.key("deletes");
    write_ids(json, plan.deletes);
    json.key("unmatched");
    write_ids(json, plan.unmatched);
    json.key("memberships").begin_object();
    for (const auto& [group, members] : plan.memberships) {
        json.key(group.to_string());
        write_ids(json, members);
    }
    json.end_object().key("attributes").begin_object();
    for (const auto& [attribute, ids] : plan.attributes) {
        json.key(attribute);
        write_ids(json, ids);
    }
    json.end_object();
}

}  // namespace

bool HeldPlan::empty() const {
    return deletes.empty() && unmatched.empty() && memberships.empty() && attributes.empty();
}

std::size_t HeldPlan::size() const {
    std::size_t count = deletes.size() + unmatched.size();
    for (const auto& [group, members] : memberships)
        count += members.size();
    for (const auto& [attribute, ids] : attributes)
        count += ids.size();
    return count;
}

void HeldPlan::forget_entry(const Uuid& anchor) {
    deletes.erase(anchor);
    unmatched.erase(anchor);
}

std::string HeldPlan::hash() const {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write_removals(json, *this);
    json.end_object();
    std::string hex = uuid_v5(Uuid{}, text).to_string();
    std::erase(hex, '-');
    return hex;
}

std::string HeldPlan::to_json() const {
    if (empty())
        return {};
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("hash", hash()).field("since", since);
    write_removals(json, *this);
    json.end_object();
    return out;
}

HeldPlan HeldPlan::parse(std::string_view json) {
    HeldPlan plan;
    if (json.empty())
        return plan;
    plan.since = json_text_member(json, "since").value_or("");
    plan.deletes = read_ids(json_member(json, "deletes"));
    plan.unmatched = read_ids(json_member(json, "unmatched"));
    JsonMembers groups(json_member(json, "memberships"));
    while (const auto member = groups.next()) {
        if (const auto id = parse_uuid(member->key))
            plan.memberships[*id] = read_ids(member->value);
    }
    JsonMembers attributes(json_member(json, "attributes"));
    while (const auto member = attributes.next())
        plan.attributes[std::string(member->key)] = read_ids(member->value);
    return plan;
}

}  // namespace bascule::mirror

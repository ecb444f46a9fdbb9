#include "directory/mirror/held_plan.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

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

void write_judged(JsonWriter& json, const HeldPlan::Judged& judged) {
    if (judged.limits.empty())
        return;
    json.key("judged").begin_object();
    json.field("limits", judged.limits)
        .key("objects")
        .number(static_cast<std::int64_t>(judged.objects));
    json.key("members").begin_object();
    for (const auto& [group, count] : judged.members)
        json.key(group.to_string()).number(static_cast<std::int64_t>(count));
    json.end_object().key("attributes").begin_object();
    for (const auto& [attribute, count] : judged.attributes)
        json.key(attribute).number(static_cast<std::int64_t>(count));
    json.end_object().end_object();
}

std::size_t read_count(std::string_view number) {
    std::size_t count = 0;
    std::from_chars(number.data(), number.data() + number.size(), count);
    return count;
}

HeldPlan::Judged read_judged(std::string_view object) {
    HeldPlan::Judged judged;
    if (object.empty())
        return judged;
    judged.limits = json_text_member(object, "limits").value_or("");
    judged.objects = read_count(json_member(object, "objects"));
    JsonMembers groups(json_member(object, "members"));
    while (const auto member = groups.next()) {
        if (const auto id = parse_uuid(member->key))
            judged.members[*id] = read_count(member->value);
    }
    JsonMembers attributes(json_member(object, "attributes"));
    while (const auto member = attributes.next())
        judged.attributes[std::string(member->key)] = read_count(member->value);
    return judged;
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
    write_judged(json, judged);
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
    plan.judged = read_judged(json_member(json, "judged"));
    return plan;
}

}  // namespace bascule::mirror

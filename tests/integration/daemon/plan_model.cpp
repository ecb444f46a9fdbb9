#include "tests/integration/daemon/plan_model.hpp"

#include <fstream>

namespace bascule::test {

using Json = nlohmann::json;

namespace {

constexpr const char* manager_path =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

bool is_derived(const std::string& name) {
    return name == "id" || name == "meta" || name == "schemas" || name == "groups" ||
           name == "members";
}

void take_attributes(ServedObject& out, const Json& resource, const std::string& prefix) {
    for (const auto& [name, value] : resource.items()) {
        if (name.starts_with("urn:")) {
            take_attributes(out, value, name + ":");
        } else if (prefix + name == manager_path) {
            out.attributes[manager_path] = value.value("value", "");
        } else if (!is_derived(name)) {
            out.attributes[prefix + name] = value;
        }
    }
}

ServedObject object_of(const std::string& type, const Json& resource) {
    ServedObject out{type, {}, {}};
    take_attributes(out, resource, "");
    for (const Json& member : resource.value("members", Json::array())) {
        out.members.insert(member.value("value", ""));
    }
    return out;
}

void apply(ServedObject& object, const Json& change) {
    const std::string path = change.value("attribute", "");
    if (!change.contains("after")) {
        object.attributes.erase(path);
    } else if (path == manager_path) {
        object.attributes[path] = change["after"].value("value", "");
    } else {
        object.attributes[path] = change["after"];
    }
}

}  // namespace

ServedObjects served_by(const DaemonRig& daemon) {
    ServedObjects out;
    for (const Json& user : daemon.all("/Users")) {
        out.emplace(user.value("id", ""), object_of("User", user));
    }
    for (const Json& group : daemon.all("/Groups")) {
        out.emplace(group.value("id", ""), object_of("Group", group));
    }
    return out;
}

std::vector<Json> exported_lines(const std::string& path) {
    std::vector<Json> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        lines.push_back(Json::parse(line));
    }
    return lines;
}

ServedObjects after_plan(ServedObjects objects, const std::vector<Json>& lines) {
    for (const Json& line : lines) {
        const std::string change = line.value("change", "");
        const std::string id = line.value("id", "");
        if (change == "removed") {
            objects.erase(id);
        } else if (change == "members") {
            for (const Json& one : line["joined"]) {
                objects[id].members.insert(one.value("id", ""));
            }
            for (const Json& one : line["left"]) {
                objects[id].members.erase(one.value("id", ""));
            }
        } else if (change != "held" && change != "quarantined") {
            objects[id].type = line.value("type", "");
            for (const Json& attribute : line["attributes"]) {
                apply(objects[id], attribute);
            }
        }
    }
    return objects;
}

std::string difference_of(const ServedObjects& expected, const ServedObjects& found) {
    std::string out;
    const auto text = [](const ServedObject& object) {
        return object.type + Json(object.attributes).dump() + Json(object.members).dump();
    };
    for (const auto& [id, object] : expected) {
        const auto other = found.find(id);
        if (other == found.end()) {
            out += "missing " + id + " " + text(object) + "\n";
        } else if (!(other->second == object)) {
            out +=
                id + "\n  expected " + text(object) + "\n  found    " + text(other->second) + "\n";
        }
    }
    for (const auto& [id, object] : found) {
        if (!expected.contains(id)) {
            out += "unexpected " + id + " " + text(object) + "\n";
        }
    }
    return out;
}

}  // namespace bascule::test

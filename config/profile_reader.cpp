#include "config/profile_reader.hpp"

#include <utility>

namespace bascule::config {
namespace {

bool is_profile_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() >= 'a' && text.front() <= 'z' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
               std::string_view::npos;
}

ProfileSetting read_profile(
    const Node& name, const Node& node, const std::string& path, Report& report
) {
    ProfileSetting profile;
    profile.name = name.text;
    profile.position = name.position;
    if (!is_profile_name(name.text)) {
        report.error(
            name.position, path,
            "expected a name of up to 32 characters from a-z, 0-9, - and _, starting with a letter"
        );
    }
    if (node.kind != Node::Kind::map) {
        report.error(node.position, path, "expected a map of switches to values" + found(node));
        return profile;
    }
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const Node& key = node.keys[i];
        const Node& value = node.items[i];
        if (value.kind != Node::Kind::scalar || value.text.empty()) {
            report.error(value.position, path + "." + key.text, "expected a word" + found(value));
        } else if (key.text == "base") {
            profile.base = value.text;
        } else {
            profile.switches.push_back({key.text, value.text, key.position});
        }
    }
    return profile;
}

}  // namespace

std::vector<ProfileSetting> read_profiles(
    const Node& node, const std::string& path, Report& report
) {
    std::vector<ProfileSetting> profiles;
    if (node.kind != Node::Kind::map) {
        report.error(node.position, path, "expected a map of names to profiles" + found(node));
        return profiles;
    }
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const Node& name = node.keys[i];
        profiles.push_back(read_profile(name, node.items[i], path + "." + name.text, report));
    }
    return profiles;
}

}  // namespace bascule::config

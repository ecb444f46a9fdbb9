#include "config/option_table.hpp"

#include "config/values.hpp"

namespace bascule::config::table {

std::string show(const std::string& value) {
    return value.empty() ? std::string() : yaml_text(value);
}
std::string show(bool value) {
    return value ? "true" : "false";
}
std::string show(std::uint32_t value) {
    return std::to_string(value);
}
std::string show(double value) {
    return format_percent(value);
}
std::string show(Duration value) {
    return format_duration(value);
}
std::string show(std::uint64_t value) {
    return format_size(value);
}
std::string show(const HostPort& value) {
    return yaml_text(format_host_port(value));
}
std::string show(const SecretSetting& value) {
    return value.origin;
}
std::string show(const std::vector<std::string>& values) {
    return yaml_text(values);
}
std::string show(const std::vector<mirror::MappingRule>& rules) {
    std::string text = "{";
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const bool first = i == 0 || rules[i - 1].target != rules[i].target;
        const bool last = i + 1 == rules.size() || rules[i + 1].target != rules[i].target;
        const bool single = first && last;
        if (first) {
            text += (i == 0 ? "" : ", ") + yaml_text(rules[i].target) + (single ? ": " : ": [");
        } else {
            text += ", ";
        }
        text += yaml_text(rules[i]) + (last && !single ? "]" : "");
    }
    return text + "}";
}

std::string show(const std::vector<ProfileSetting>& profiles) {
    std::string text;
    for (const ProfileSetting& profile : profiles) {
        text += text.empty() ? "{ " : ", ";
        text += yaml_text(profile.name) + ": " + yaml_text(profile);
    }
    return text.empty() ? text : text + " }";
}

}  // namespace bascule::config::table

#include <algorithm>
#include <utility>

#include "scim/codec/document.hpp"

namespace bascule::scim {
namespace {

/// Adds to `out` the members of `before` that `after` lacks or has otherwise.
void collect_changes(
    std::string_view before, std::string_view after, const std::string& extension,
    std::vector<directory::AttributePath>& out
) {
    JsonMembers members(before);
    while (const auto member = members.next()) {
        const std::string name(member->key);
        if (extension.empty() && (name == "schemas" || name == "id")) {
            continue;
        }
        const std::string_view other = json_member(after, name);
        if (other == member->value) {
            continue;
        }
        // A colon in a name of the top level is an extension's URN.
        if (extension.empty() && name.find(':') != std::string::npos) {
            collect_changes(member->value, other.empty() ? "{}" : other, name, out);
            continue;
        }
        const directory::AttributePath path{extension, name, {}};
        if (std::find(out.begin(), out.end(), path) == out.end()) {
            out.push_back(path);
        }
    }
}

}  // namespace

std::string with_id(std::string_view body, const Uuid& id) {
    // A body starts with its list of schemas, and no URN holds a bracket.
    const std::size_t end = body.starts_with("{\"schemas\":[") ? body.find(']') + 1 : 1;
    std::string text(body.substr(0, end));
    text += end == 1 ? "\"id\":\"" : ",\"id\":\"";
    text += id.to_string();
    text += end == 1 && body != "{}" ? "\"," : "\"";
    text += body.substr(end);
    return text;
}

std::vector<directory::AttributePath> changed_attributes(
    std::string_view before, std::string_view after
) {
    std::vector<directory::AttributePath> changes;
    collect_changes(before, after, {}, changes);
    collect_changes(after, before, {}, changes);
    return changes;
}

std::string display_of(std::string_view body) {
    for (const auto& [object, name] :
         {std::pair{body, "displayName"}, std::pair{json_member(body, "name"), "formatted"},
          std::pair{body, "userName"}, std::pair{body, "display"}, std::pair{body, "name"},
          std::pair{body, "value"}}) {
        if (!object.starts_with('{')) {
            continue;
        }
        if (auto text = json_text_member(object, name); text && !text->empty()) {
            return *std::move(text);
        }
    }
    return {};
}

}  // namespace bascule::scim

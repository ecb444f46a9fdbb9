#include "scim/service/list_text.hpp"

namespace bascule::scim {

std::string list_begin(const ListHead& head) {
    std::string text =
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":)";
    text += std::to_string(head.total);
    if (head.start_index) {
        text += ",\"startIndex\":";
        text += std::to_string(*head.start_index);
    }
    text += ",\"itemsPerPage\":";
    text += std::to_string(head.size);
    // Cursors are base64url: nothing in them needs an escape.
    for (const auto& [name, cursor] :
         {std::pair{"nextCursor", &head.next_cursor},
          std::pair{"previousCursor", &head.previous_cursor}}) {
        if (!cursor->empty()) {
            text.append(",\"").append(name).append("\":\"").append(*cursor).append("\"");
        }
    }
    text += ",\"Resources\":[";
    return text;
}

void ListText::add(std::string_view resource) {
    if (head_.size != 0) {
        resources_ += ',';
    }
    resources_ += resource;
    ++head_.size;
}

std::string ListText::finish() && {
    const std::string begin = list_begin(head_);
    std::string text;
    text.reserve(begin.size() + resources_.size() + list_end.size());
    return text.append(begin).append(resources_).append(list_end);
}

}  // namespace bascule::scim

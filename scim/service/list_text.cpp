#include "scim/service/list_text.hpp"

namespace bascule::scim {

void ListText::add(std::string_view resource) {
    if (size_ != 0) {
        resources_ += ',';
    }
    resources_ += resource;
    ++size_;
}

std::string ListText::finish() && {
    std::string text;
    text.reserve(resources_.size() + 640);
    text += R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":)";
    text += std::to_string(total_);
    if (start_index_) {
        text += ",\"startIndex\":";
        text += std::to_string(*start_index_);
    }
    text += ",\"itemsPerPage\":";
    text += std::to_string(size_);
    // Cursors are base64url: nothing in them needs an escape.
    for (const auto& [name, cursor] :
         {std::pair{"nextCursor", &next_cursor_}, std::pair{"previousCursor", &previous_cursor_}}) {
        if (!cursor->empty()) {
            text.append(",\"").append(name).append("\":\"").append(*cursor).append("\"");
        }
    }
    text += ",\"Resources\":[";
    text += resources_;
    text += "]}";
    return text;
}

}  // namespace bascule::scim

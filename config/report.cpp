#include "config/report.hpp"

#include "config/yaml_node.hpp"
#include "directory/base/text.hpp"

namespace bascule::config {

std::string unknown_key(const std::string& key, const std::vector<std::string>& known) {
    if (const std::string guess = nearest(key, known); !guess.empty()) {
        return "unknown key; did you mean \"" + guess + "\"?";
    }
    std::string text = "unknown key; known here:";
    for (const std::string& name : known) {
        text += (text.ends_with(':') ? " " : ", ") + name;
    }
    return text;
}

std::string found(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return ", found nothing";
        case Node::Kind::scalar:
            return ", found \"" + printable(node.text, 60) + "\"";
        case Node::Kind::sequence:
            return ", found a list";
        case Node::Kind::map:
            return ", found a section";
    }
    return {};
}

}  // namespace bascule::config

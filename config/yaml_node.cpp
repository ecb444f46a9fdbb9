#include "config/yaml_node.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::config {
namespace {

Position position_of(const YAML::Mark& mark) {
    return {std::max(0, mark.line) + 1, std::max(0, mark.column) + 1};
}

/// Builds the tree bottom-up from parser events; the library's own tree keeps the first of two
/// equal keys and forgets the other.
class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(YamlDocument& document, const std::string& file)
        : document_(document), file_(file) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        attach(make(Node::Kind::null, mark, anchor, "?"));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        report(position_of(mark), "aliases (*name) are not used here; write the value out");
        attach(make(Node::Kind::null, mark, 0, "?"));
    }
    void OnScalar(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        const std::string& value
    ) override {
        Node node = make(Node::Kind::scalar, mark, anchor, tag);
        node.text = value;
        attach(std::move(node));
    }
    void OnSequenceStart(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        YAML::EmitterStyle::value
    ) override {
        open_.push_back({make(Node::Kind::sequence, mark, anchor, tag), {}});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        YAML::EmitterStyle::value
    ) override {
        open_.push_back({make(Node::Kind::map, mark, anchor, tag), {}});
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        Node node;
        std::unordered_map<std::string, int> lines;  ///< of keys seen
    };

    Node make(
        Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag
    ) {
        Node node;
        node.kind = kind;
        node.position = position_of(mark);
        if (anchor != 0) {
            report(node.position, "anchors (&name) are not used here; write the value out");
        }
        if (!tag.empty() && tag != "?" && tag != "!") {
            report(node.position, "tags (!name) are not used here; remove it");
        }
        return node;
    }

    void close() {
        Node node = std::move(open_.back().node);
        open_.pop_back();
        attach(std::move(node));
    }

    void attach(Node node) {
        if (open_.empty()) {
            document_.root = std::move(node);
            return;
        }
        Open& parent = open_.back();
        const bool is_key = parent.node.kind == Node::Kind::map &&
                            parent.node.keys.size() == parent.node.items.size();
        if (is_key) {
            check_key(parent, node);
            parent.node.keys.push_back(std::move(node));
        } else {
            parent.node.items.push_back(std::move(node));
        }
    }

    void check_key(Open& map, const Node& key) {
        if (key.kind != Node::Kind::scalar) {
            report(key.position, "a key must be a word");
            return;
        }
        if (key.text == "<<") {
            report(key.position, "merge keys (<<) are not used here; write the values out");
            return;
        }
        const auto [first, is_new] = map.lines.emplace(key.text, key.position.line);
        if (!is_new) {
            report(
                key.position, "key \"" + printable(key.text, 60) +
                                  "\" is given twice, first on line " +
                                  std::to_string(first->second) + "; keep one"
            );
        }
    }

    void report(Position position, std::string message) {
        document_.diagnostics.push_back({Severity::error, file_, position, "", std::move(message)});
    }

    YamlDocument& document_;
    const std::string& file_;
    std::vector<Open> open_;
};

YamlDocument refuse(const std::string& file, Position position, std::string message) {
    YamlDocument document;
    document.diagnostics.push_back({Severity::error, file, position, "", std::move(message)});
    return document;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
        if (keys[i].text == key) {
            return &items[i];
        }
    }
    return nullptr;
}

YamlDocument read_yaml(std::string_view text, const std::string& file) {
    if (text.size() > yaml_size_limit) {
        return refuse(
            file, {}, "the file is larger than " + std::to_string(yaml_size_limit >> 10) + " KiB"
        );
    }
    if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
        return refuse(file, {}, "the file is not UTF-8 text");
    }
    YamlDocument document;
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        TreeBuilder builder(document, file);
        parser.HandleNextDocument(builder);
        YamlDocument rest;
        TreeBuilder rest_builder(rest, file);
        if (parser.HandleNextDocument(rest_builder)) {
            document.diagnostics.push_back(
                {Severity::error, file, rest.root.position, "",
                 "a second document (---) starts here; the file holds one"}
            );
        }
    } catch (const YAML::Exception& exception) {
        return refuse(file, position_of(exception.mark), "not valid YAML: " + exception.msg);
    } catch (const std::exception& exception) {
        return refuse(file, {}, std::string("not valid YAML: ") + exception.what());
    }
    return document;
}

}  // namespace bascule::config

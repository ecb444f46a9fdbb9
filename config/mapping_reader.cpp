#include "config/mapping_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "config/values.hpp"
#include "directory/base/text.hpp"

namespace bascule::config {
namespace {

using mirror::MappingRule;

const std::vector<std::string>& rule_keys() {
    static const std::vector<std::string> keys{"from",      "template", "constant", "type",
                                               "transform", "is",       "is_not",   "when"};
    return keys;
}

/// What is wrong with a template, or nothing. {{ and }} stand for braces.
std::optional<std::string> template_fault(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
        if ((text[i] == '{' || text[i] == '}') && doubled) {
            ++i;
        } else if (text[i] == '}') {
            return "a \"}\" without \"{\"; write }} for the character itself";
        } else if (text[i] == '{') {
            const std::size_t end = text.find('}', i);
            if (end == std::string_view::npos) {
                return "a \"{\" without \"}\"; write {{ for the character itself";
            }
            const std::string name(text.substr(i + 1, end - i - 1));
            if (!is_attribute_name(name)) {
                return "\"" + printable(name, 60) + "\" is not the name of an LDAP attribute";
            }
            i = end;
        }
    }
    return std::nullopt;
}

class RuleReader {
  public:
    RuleReader(std::string target, std::string path, Report& report)
        : target_(std::move(target)), path_(std::move(path)), report_(report) {}

    void read(const Node& node) {
        if (node.kind == Node::Kind::sequence && is_list_of_rules(node)) {
            for (const Node& item : node.items) {
                read_one(item);
            }
        } else {
            read_one(node);
        }
    }

    std::vector<MappingRule> take() { return std::move(rules_); }

  private:
    static bool is_list_of_rules(const Node& node) {
        return std::any_of(node.items.begin(), node.items.end(), [](const Node& item) {
            return item.kind == Node::Kind::map;
        });
    }

    void read_one(const Node& node) {
        MappingRule rule;
        rule.target = target_;
        rule.line = node.position.line;
        rule.column = node.position.column;
        switch (node.kind) {
            case Node::Kind::null:
                break;
            case Node::Kind::scalar:
                read_scalar(node, rule);
                break;
            case Node::Kind::sequence:
                rule.from = attributes(node, path_);
                break;
            case Node::Kind::map:
                read_keys(node, rule);
                break;
        }
        rules_.push_back(std::move(rule));
    }

    void read_scalar(const Node& node, MappingRule& rule) {
        if (node.text.find_first_of("{}") != std::string::npos) {
            read_template(node, path_, rule);
        } else {
            rule.from = attributes(node, path_);
        }
    }

    void read_template(const Node& node, const std::string& path, MappingRule& rule) {
        rule.template_text = node.text;
        if (const auto fault = template_fault(node.text)) {
            report_.error(node.position, path, "in the template: " + *fault);
        }
    }

    void read_keys(const Node& node, MappingRule& rule) {
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            read_key(node.keys[i], node.items[i], rule);
        }
        const auto has = [&node](const char* key) { return node.find(key) != nullptr ? 1 : 0; };
        if (has("from") + has("template") + has("constant") != 1) {
            report_.error(
                node.position, path_,
                "a rule has exactly one of \"from\", \"template\" and \"constant\""
            );
        }
        if (has("is") + has("is_not") == 2) {
            report_.error(node.position, path_, "a rule has \"is\" or \"is_not\", not both");
        }
    }

    void read_key(const Node& key, const Node& value, MappingRule& rule) {
        const std::string path = path_ + "." + key.text;
        if (key.text == "from") {
            rule.from = attributes(value, path);
        } else if (key.text == "is") {
            rule.is = texts(value, path);
        } else if (key.text == "is_not") {
            rule.is_not = texts(value, path);
        } else if (key.text == "template") {
            Node text = value;
            text.text = one_text(value, path);
            read_template(text, path, rule);
        } else if (key.text == "constant") {
            rule.constant = one_text(value, path);
        } else if (key.text == "type") {
            rule.type = one_text(value, path);
        } else if (key.text == "transform") {
            rule.transform = one_text(value, path);
        } else if (key.text == "when") {
            rule.when = one_text(value, path);
            if (!rule.when.empty() && !looks_like_filter(rule.when)) {
                report_.error(
                    value.position, path, "expected an LDAP filter in parentheses" + found(value)
                );
            }
        } else {
            report_.error(key.position, path, unknown_key(key.text, rule_keys()));
        }
    }

    std::string one_text(const Node& node, const std::string& path) {
        if (node.kind != Node::Kind::scalar || node.text.empty()) {
            report_.error(node.position, path, "expected a text" + found(node));
        }
        return node.text;
    }

    std::vector<std::string> texts(const Node& node, const std::string& path) {
        std::vector<std::string> values;
        if (node.kind == Node::Kind::sequence && !node.items.empty()) {
            for (const Node& item : node.items) {
                values.push_back(one_text(item, path));
            }
        } else {
            values.push_back(one_text(node, path));
        }
        return values;
    }

    std::vector<std::string> attributes(const Node& node, const std::string& path) {
        auto names = texts(node, path);
        for (const std::string& name : names) {
            if (!name.empty() && !is_attribute_name(name)) {
                report_.error(
                    node.position, path,
                    "\"" + printable(name, 60) + "\" is not the name of an LDAP attribute"
                );
            }
        }
        return names;
    }

    std::string target_;
    std::string path_;
    Report& report_;
    std::vector<MappingRule> rules_;
};

}  // namespace

std::vector<MappingRule> read_mapping(const Node& node, const std::string& path, Report& report) {
    std::vector<MappingRule> rules;
    if (node.kind != Node::Kind::map) {
        report.error(
            node.position, path, "expected a map of SCIM attributes to rules" + found(node)
        );
        return rules;
    }
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const std::string& target = node.keys[i].text;
        RuleReader reader(target, path + "." + target, report);
        reader.read(node.items[i]);
        for (MappingRule& rule : reader.take()) {
            rules.push_back(std::move(rule));
        }
    }
    return rules;
}

}  // namespace bascule::config

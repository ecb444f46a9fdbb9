#include "config/schema_reader.hpp"

#include <algorithm>

#include "config/options.hpp"

namespace bascule::config {
namespace {

std::string element(const std::string& path, std::size_t index) {
    return path + "[" + std::to_string(index) + "]";
}

class SchemaReader {
  public:
    explicit SchemaReader(Report& report) : report_(report) {}

    ResourceTypeSetting type(const Node& node, const std::string& path) {
        static const std::vector<std::string> keys{
            "name", "endpoint", "schema", "description", "extensions"};
        ResourceTypeSetting type;
        type.line = node.position.line;
        type.column = node.position.column;
        if (!is_section(node, path, keys)) {
            return type;
        }
        for (const char* const needed : {"name", "endpoint", "schema"}) {
            if (node.find(needed) == nullptr) {
                report_.error(node.position, path + "." + needed, "missing");
            }
        }
        type.name = text(node, path, "name");
        type.endpoint = text(node, path, "endpoint");
        type.schema = text(node, path, "schema");
        type.description = text(node, path, "description");
        if (const Node* list = node.find("extensions")) {
            type.extensions = extensions(*list, path + ".extensions");
        }
        return type;
    }

    std::vector<ExtensionSetting> extensions(const Node& node, const std::string& path) {
        std::vector<ExtensionSetting> all;
        if (node.kind != Node::Kind::sequence) {
            report_.error(
                node.position, path,
                "expected a list of schemas, each a URN or { schema: URN, required: true }" +
                    found(node)
            );
            return all;
        }
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            all.push_back(extension(node.items[i], element(path, i)));
        }
        return all;
    }

  private:
    ExtensionSetting extension(const Node& node, const std::string& path) {
        static const std::vector<std::string> keys{"schema", "required"};
        ExtensionSetting extension;
        extension.line = node.position.line;
        extension.column = node.position.column;
        if (node.kind == Node::Kind::scalar && !node.text.empty()) {
            extension.schema = node.text;
            return extension;
        }
        if (!is_section(node, path, keys)) {
            return extension;
        }
        if (node.find("schema") == nullptr) {
            report_.error(node.position, path + ".schema", "missing; expected the URN of a schema");
        }
        extension.schema = text(node, path, "schema");
        if (const Node* required = node.find("required")) {
            extension.required = required->text == "true";
            if (required->kind != Node::Kind::scalar ||
                (required->text != "true" && required->text != "false")) {
                report_.error(
                    required->position, path + ".required",
                    "expected true or false" + found(*required)
                );
            }
        }
        return extension;
    }

    bool is_section(
        const Node& node, const std::string& path, const std::vector<std::string>& keys
    ) {
        if (node.kind != Node::Kind::map) {
            report_.error(node.position, path, "expected a section with keys" + found(node));
            return false;
        }
        for (const Node& key : node.keys) {
            if (std::find(keys.begin(), keys.end(), key.text) == keys.end()) {
                report_.error(key.position, path + "." + key.text, unknown_key(key.text, keys));
            }
        }
        return true;
    }

    std::string text(const Node& node, const std::string& path, const std::string& key) {
        const Node* value = node.find(key);
        if (value == nullptr) {
            return {};
        }
        if (value->kind != Node::Kind::scalar || value->text.empty()) {
            report_.error(value->position, path + "." + key, "expected a text" + found(*value));
        }
        return value->text;
    }

    Report& report_;
};

std::string extensions_text(const std::vector<ExtensionSetting>& extensions) {
    std::string text;
    for (const ExtensionSetting& extension : extensions) {
        text += text.empty() ? "" : ", ";
        text += extension.required
                    ? "{ schema: " + yaml_text(extension.schema) + ", required: true }"
                    : yaml_text(extension.schema);
    }
    return "[" + text + "]";
}

}  // namespace

std::vector<ResourceTypeSetting> read_resource_types(
    const Node& node, const std::string& path, Report& report
) {
    std::vector<ResourceTypeSetting> types;
    if (node.kind != Node::Kind::sequence) {
        report.error(
            node.position, path,
            "expected a list of resource types, each starting with \"- name:\"" + found(node)
        );
        return types;
    }
    SchemaReader reader(report);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        types.push_back(reader.type(node.items[i], element(path, i)));
    }
    return types;
}

std::vector<TypeExtensionsSetting> read_type_extensions(
    const Node& node, const std::string& path, Report& report
) {
    std::vector<TypeExtensionsSetting> all;
    if (node.kind != Node::Kind::map) {
        report.error(
            node.position, path,
            "expected a map of resource types to lists of schemas" + found(node)
        );
        return all;
    }
    SchemaReader reader(report);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        const std::string& type = node.keys[i].text;
        all.push_back({type, reader.extensions(node.items[i], path + "." + type)});
    }
    return all;
}

std::string yaml_text(const std::vector<ResourceTypeSetting>& types) {
    std::string text;
    for (const ResourceTypeSetting& type : types) {
        text += text.empty() ? "" : ", ";
        text += "{ name: " + yaml_text(type.name) + ", endpoint: " + yaml_text(type.endpoint) +
                ", schema: " + yaml_text(type.schema);
        if (!type.description.empty()) {
            text += ", description: " + yaml_text(type.description);
        }
        if (!type.extensions.empty()) {
            text += ", extensions: " + extensions_text(type.extensions);
        }
        text += " }";
    }
    return "[" + text + "]";
}

std::string yaml_text(const std::vector<TypeExtensionsSetting>& extensions) {
    std::string text;
    for (const TypeExtensionsSetting& one : extensions) {
        text += text.empty() ? " " : ", ";
        text += yaml_text(one.type) + ": " + extensions_text(one.extensions);
    }
    return text.empty() ? "{}" : "{" + text + " }";
}

}  // namespace bascule::config

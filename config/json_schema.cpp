#include <fmt/format.h>

#include <algorithm>

#include "config/documents.hpp"
#include "config/option_tree.hpp"
#include "directory/base/json_text.hpp"

namespace bascule::config {
namespace {

std::string mapping_rule_schema() {
    constexpr std::string_view word = R"({"type":["string","boolean","number"]})";
    const std::string words =
        fmt::format(R"({{"anyOf":[{0},{{"type":"array","minItems":1,"items":{0}}}]}})", word);
    return fmt::format(
        R"({{"type":"object","additionalProperties":false,"properties":{{"from":{0},"template":{1},)"
        R"("constant":{1},"type":{1},"transform":{1},"is":{0},"is_not":{0},"when":{1}}}}})",
        words, word
    );
}

std::string extensions_schema() {
    return R"({"type":"array","items":{"anyOf":[{"type":"string"},{"type":"object",)"
           R"("additionalProperties":false,"required":["schema"],"properties":{)"
           R"("schema":{"type":"string"},"required":{"type":"boolean"}}}]}})";
}

std::string resource_type_schema() {
    return R"({"type":"object","additionalProperties":false,"required":["name","endpoint","schema"],)"
           R"("properties":{"name":{"type":"string"},"endpoint":{"type":"string"},)"
           R"("schema":{"type":"string"},"description":{"type":"string"},"extensions":)" +
           extensions_schema() + "}}";
}

class SchemaWriter {
  public:
    std::string write() {
        json_.begin_object();
        json_.field("$schema", "https://json-schema.org/draft/2020-12/schema");
        json_.field("title", "Configuration of Bascule");
        write_object(option_tree());
        json_.key("$defs").begin_object().key("rule").raw(mapping_rule_schema()).end_object();
        json_.end_object();
        return std::move(out_) + "\n";
    }

  private:
    static bool is_required(const OptionTree& tree) {
        return tree.is_required_list() || (tree.option != nullptr && tree.option->required);
    }

    static bool has_required(const OptionTree& tree) {
        return is_required(tree) ||
               (tree.option == nullptr && !tree.is_list &&
                std::any_of(tree.children.begin(), tree.children.end(), has_required));
    }

    /// The members of an object schema, without its braces.
    void write_object(const OptionTree& tree) {
        json_.field("type", "object").key("additionalProperties").boolean(false);
        json_.key("properties").begin_object();
        for (const OptionTree& child : tree.children) {
            json_.key(child.name).begin_object();
            write_child(child);
            json_.end_object();
        }
        json_.end_object();
        json_.key("required").begin_array();
        for (const OptionTree& child : tree.children) {
            if (has_required(child)) {
                json_.text(child.name);
            }
        }
        json_.end_array();
    }

    void write_child(const OptionTree& child) {
        if (child.option != nullptr) {
            write_option(*child.option);
            return;
        }
        if (const auto help = section_help(child.path); !help.empty()) {
            json_.field("description", help);
        }
        if (!child.is_list) {
            write_object(child);
            return;
        }
        json_.field("type", "array");
        if (child.is_required_list()) {
            json_.key("minItems").number(1);
        }
        json_.key("items").begin_object();
        write_object(child);
        json_.end_object();
    }

    void write_option(const Option& option) {
        json_.field("description", option.help + " Expects " + expectation(option) + ".");
        switch (option.kind) {
            case Kind::flag:
                json_.field("type", "boolean");
                break;
            case Kind::count:
                json_.field("type", "integer");
                write_bounds(option);
                break;
            case Kind::percent:
                json_.field("type", "number").key("minimum").number(0).key("maximum").number(100);
                break;
            case Kind::size:
                json_.key("type").begin_array().text("string").text("integer").end_array();
                break;
            case Kind::choice:
                json_.key("enum").begin_array();
                for (const std::string& word : option.choices) {
                    json_.text(word);
                }
                json_.end_array();
                break;
            case Kind::url_list:
            case Kind::text_list:
            case Kind::network_list:
            case Kind::path_list:
                json_.field("type", "array").key("items").raw(R"({"type":"string"})");
                break;
            case Kind::resource_types:
                json_.field("type", "array").key("items").raw(resource_type_schema());
                break;
            case Kind::type_extensions:
                json_.field("type", "object").key("additionalProperties").raw(extensions_schema());
                break;
            case Kind::secret:
                write_secret();
                break;
            case Kind::mapping:
                write_mapping();
                break;
            case Kind::profiles:
                json_.field("type", "object").key("additionalProperties");
                json_.raw(
                    R"({"type":"object","additionalProperties":{"type":["string","integer"]}})"
                );
                break;
            default:
                json_.field("type", "string");
        }
    }

    void write_bounds(const Option& option) {
        json_.key("minimum").number(static_cast<std::int64_t>(option.minimum));
        const auto maximum = std::min<std::uint64_t>(option.maximum, UINT32_MAX);
        json_.key("maximum").number(static_cast<std::int64_t>(maximum));
    }

    void write_secret() {
        json_.key("oneOf").raw(
            R"([{"type":"string","minLength":1},{"type":"object","additionalProperties":false,)"
            R"("minProperties":1,"maxProperties":1,"properties":{"file":{"type":"string"},)"
            R"("env":{"type":"string"},"credential":{"type":"string"}}}])"
        );
    }

    void write_mapping() {
        json_.field("type", "object").key("additionalProperties").begin_object();
        json_.key("anyOf").begin_array();
        json_.raw(R"({"type":["string","null"]})");
        json_.raw(
            R"({"type":"array","items":{"anyOf":[{"type":"string"},{"$ref":"#/$defs/rule"}]}})"
        );
        json_.raw(R"({"$ref":"#/$defs/rule"})");
        json_.end_array().end_object();
    }

    std::string out_;
    JsonWriter json_{out_};
};

}  // namespace

std::string json_schema() {
    return SchemaWriter().write();
}

}  // namespace bascule::config

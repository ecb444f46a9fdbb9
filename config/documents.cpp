#include "config/documents.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/option_tree.hpp"
#include "directory/base/json_text.hpp"

namespace bascule::config {
namespace {

/// One of two options that exclude each other is needed; this one stands in the default file.
constexpr std::string_view usual_of_two = "sources[].servers";

constexpr std::string_view schema_line =
    "# yaml-language-server: $schema=/usr/share/bascule/config.schema.json\n";

constexpr std::string_view minimal_file = R"(server: { public_url: https://id.example.com }
sources:
  - name: corp
    servers: [ldaps://ldap.example.com]
    base: dc=example,dc=com
    bind: { dn: "cn=bascule,ou=services,dc=example,dc=com", password: { credential: corp-ldap } }
)";

/// True when the section has nothing that must or can stand there uncommented.
bool is_optional(const OptionTree& tree) {
    if (tree.option != nullptr) {
        return !tree.option->required && tree.option->default_value.empty() &&
               tree.option->path != usual_of_two;
    }
    if (tree.is_list) {
        return !tree.is_required_list();
    }
    return std::all_of(tree.children.begin(), tree.children.end(), is_optional);
}

/// Writes the annotated file. A commented-out key has no blank after '#', a sentence has one.
class DefaultWriter {
  public:
    std::string write() {
        out_ = "# Configuration of Bascule. Check it with: bascule check FILE\n";
        out_ += schema_line;
        for (const OptionTree& section : option_tree().children) {
            out_ += "\n";
            write_tree(section, "", "", Use::in_force);
        }
        return std::move(out_);
    }

  private:
    void comment(const std::string& indent, std::string_view text) {
        if (!text.empty()) {
            out_ += fmt::format("{}# {}\n", indent, text);
        }
    }

    /// Everything inside a list that need not be there is an example.
    enum class Use { in_force, example };

    /// `lead` stands before the key: the dash of a list element, or nothing.
    void write_tree(
        const OptionTree& tree, const std::string& indent, const std::string& lead, Use use
    ) {
        const std::string mark = use == Use::example || is_optional(tree) ? "#" : "";
        use = tree.is_list && !tree.is_required_list() ? Use::example : use;
        const std::string children = indent + std::string(lead.size(), ' ') + "  ";
        if (tree.option != nullptr) {
            const Option& option = *tree.option;
            comment(indent, option.help);
            const bool has_default = !option.default_value.empty();
            const std::string& value = has_default ? option.default_value : option.example;
            out_ += fmt::format("{}{}{}{}: {}\n", indent, mark, lead, tree.name, value);
            return;
        }
        comment(indent, section_help(tree.path));
        out_ += fmt::format("{}{}{}{}:\n", indent, mark, lead, tree.name);
        for (std::size_t i = 0; i < tree.children.size(); ++i) {
            if (!tree.is_list) {
                write_tree(tree.children[i], children, "", use);
            } else if (i == 0) {
                write_tree(tree.children[i], children, "- ", use);
            } else {
                write_tree(tree.children[i], children + "  ", "", use);
            }
        }
    }

    std::string out_;
};

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

std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
        text.insert(at, "\\");
    }
    return text;
}

void write_rows(const OptionTree& tree, std::string& out) {
    if (tree.option == nullptr) {
        for (const OptionTree& child : tree.children) {
            write_rows(child, out);
        }
        return;
    }
    const Option& option = *tree.option;
    std::string standard = "none";
    if (option.required) {
        standard = "required";
    } else if (!option.default_value.empty()) {
        standard = "`" + option.default_value + "`";
    }
    const std::string example = option.example.empty() ? "" : " Example: `" + option.example + "`";
    out += fmt::format(
        "| `{}` | {} | {} | {} | {} | {} |\n", option.path, cell(option.help) + cell(example),
        cell(expectation(option)), cell(standard),
        option.apply == Apply::restart ? "restart" : "reload", option.since
    );
}

// The forms of a rule; which attributes and transforms there are is the mapping's own business.
// clang-format would take the examples for code.
// clang-format off
constexpr std::string_view mapping_page = R"page(
## Mapping rules

A `map` has a SCIM attribute on the left (`userName`, `name.givenName`, `emails`, a full URN path) and one of
these on the right. Attributes that are not named keep the dialect's own rule.

| Form | Meaning |
|---|---|
| `uid` | The value of this LDAP attribute. |
| `[displayName, cn]` | The first of these attributes that has a value. |
| `"{givenName} ({departmentNumber})"` | A template; two braces in a row stand for the character itself. |
| nothing | The dialect's rule for this attribute is removed. |
| `{ from: mail, type: work }` | A rule with keys, see below. |
| a list of rules with keys | All of them, for attributes with several values. |

| Key of a rule | Meaning |
|---|---|
| `from` | One LDAP attribute or a list of fallbacks. |
| `template` | A template, in place of `from`. |
| `constant` | A fixed text, in place of `from`. |
| `type` | The type that the values get, such as `work`. |
| `transform` | The name of a change made to each value. |
| `is` | The attribute is true when the value is one of these, without regard to case. |
| `is_not` | The attribute is true when the value is none of these. |
| `when` | An LDAP filter that the entry must meet for the rule to count. |
)page";
// clang-format on

class SettingsWriter {
  public:
    explicit SettingsWriter(const Settings& settings) : settings_(settings) {}

    std::string write() {
        write_children(option_tree(), "", {&settings_, {}});
        return std::move(out_);
    }

  private:
    void write_children(const OptionTree& tree, const std::string& indent, ConstTarget target) {
        for (const OptionTree& child : tree.children) {
            write_child(child, indent, target);
        }
    }

    void write_child(const OptionTree& child, const std::string& indent, ConstTarget target) {
        if (child.option != nullptr) {
            if (const std::string value = child.option->show(target); !value.empty()) {
                out_ += fmt::format("{}{}: {}\n", indent, child.name, value);
            }
            return;
        }
        const std::size_t before = out_.size();
        out_ += fmt::format("{}{}:\n", indent, child.name);
        const std::size_t head = out_.size();
        if (child.path == "sources") {
            write_elements(child, indent, settings_.sources);
        } else if (child.path == "scim.rate_classes") {
            write_elements(child, indent, settings_.rate_classes);
        } else if (child.path == "sign_on.issuers") {
            write_elements(child, indent, settings_.sign_on.issuers);
        } else {
            write_children(child, indent + "  ", target);
        }
        if (out_.size() == head) {
            out_.resize(before);
        }
    }

    template <class Element>
    void write_elements(
        const OptionTree& list, const std::string& indent, const std::vector<Element>& elements
    ) {
        for (const Element& element : elements) {
            const std::size_t start = out_.size();
            write_children(list, indent + "    ", {&settings_, &element});
            out_[start + indent.size() + 2] = '-';
        }
    }

    const Settings& settings_;
    std::string out_;
};

/// A directory under another name; one that was added or removed is none.
bool is_renamed(const SourceSettings& source, const Settings& running, const Settings& wanted) {
    const auto has_name = [](const Settings& settings, const std::string& name) {
        return std::ranges::find(settings.sources, name, &SourceSettings::name) !=
               settings.sources.end();
    };
    return !has_name(wanted, source.name) &&
           std::ranges::any_of(wanted.sources, [&](const SourceSettings& other) {
               return other.base == source.base && other.servers == source.servers &&
                      other.srv == source.srv && !has_name(running, other.name);
           });
}

}  // namespace

std::string annotated_default(bool full) {
    return full ? DefaultWriter().write() : std::string(minimal_file);
}

std::string json_schema() {
    return SchemaWriter().write();
}

std::string reference_markdown() {
    std::string out =
        "# Configuration reference\n\n"
        "This page is made from the table of options; `bascule config init --full` prints the same "
        "as a "
        "file.\nThe file is strict YAML: unknown keys, keys given twice, anchors, aliases and "
        "numbers "
        "with leading\nzeros are errors. A key marked *restart* takes effect after a restart, the "
        "others "
        "on `systemctl reload`.\nSecrets come from a file (`{ file: /path }`, not readable by "
        "everybody), "
        "the environment\n(`{ env: NAME }`) or a systemd credential (`{ credential: name }`).\n";
    for (const OptionTree& section : option_tree().children) {
        out += "\n## " + section.name + "\n\n";
        if (const auto help = section_help(section.path); !help.empty()) {
            out += std::string(help) + "\n\n";
        }
        out +=
            "| Key | Meaning | Expects | Default | Changes on | Since "
            "|\n|---|---|---|---|---|---|\n";
        write_rows(section, out);
    }
    return out + std::string(mapping_page);
}

std::string redacted(const Settings& settings) {
    return SettingsWriter(settings).write();
}

std::vector<std::string> restart_needed(const Settings& running, const Settings& wanted) {
    std::vector<std::string> paths;
    for (const Option& option : options()) {
        if (option.apply == Apply::restart && !option.of_list() &&
            option.show({&running, {}}) != option.show({&wanted, {}})) {
            paths.push_back(option.path);
        }
    }
    // Another certificate is taken up at once, but a listener cannot turn TLS on or off.
    if (running.server.tls_certificate.empty() != wanted.server.tls_certificate.empty()) {
        paths.emplace_back("server.tls.certificate");
    }
    if (std::ranges::any_of(running.sources, [&](const SourceSettings& source) {
            return is_renamed(source, running, wanted);
        })) {
        paths.emplace_back("sources[].name");
    }
    return paths;
}

}  // namespace bascule::config

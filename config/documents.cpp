#include "config/documents.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/option_tree.hpp"

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

}  // namespace

std::string annotated_default(bool full) {
    return full ? DefaultWriter().write() : std::string(minimal_file);
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

}  // namespace bascule::config

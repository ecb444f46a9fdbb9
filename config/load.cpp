#include "config/load.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <tuple>
#include <utility>

#include "config/checks.hpp"
#include "config/option_tree.hpp"
#include "config/yaml_node.hpp"

namespace bascule::config {
namespace {

class Loader {
  public:
    Loader(const std::string& file, Secrets secrets) : report_(file), secrets_(secrets) {}

    LoadOutcome load(std::string_view text) {
        YamlDocument document = read_yaml(text, report_.file());
        report_.diagnostics() = std::move(document.diagnostics);
        // A file whose form is broken would only produce errors that are not there.
        if (report_.diagnostics().empty()) {
            Node& root = document.root;
            if (root.kind == Node::Kind::null) {
                root.position = {1, 1};
            }
            read_root(root);
        }
        return finish();
    }

  private:
    void read_root(const Node& root) {
        const Target target{&settings_, {}};
        read_section(option_tree(), root, "", target);
        const bool is_section = root.kind == Node::Kind::map || root.kind == Node::Kind::null;
        if (is_section && !places_.contains("sources")) {
            report_.error({1, 1}, "sources", "missing; name at least one directory");
        }
        // Values that could not be read keep the checks from making sense.
        if (errors() == 0) {
            check_settings(settings_, places_, report_);
        }
    }

    void read_section(
        const OptionTree& tree, const Node& node, const std::string& path, Target target
    ) {
        if (node.kind != Node::Kind::map && !(node.kind == Node::Kind::null && path.empty())) {
            report_.error(node.position, path, "expected a section with keys" + found(node));
            return;
        }
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            const Node& key = node.keys[i];
            if (tree.child(key.text) == nullptr) {
                report_.error(
                    key.position, join(path, key.text), unknown_key(key.text, tree.keys())
                );
            } else {
                places_.emplace(join(path, key.text), key.position);
            }
        }
        set_defaults(tree, &node, path, target, node.position);
    }

    /// Reads what the section has and fills in what it has not.
    void set_defaults(
        const OptionTree& tree, const Node* node, const std::string& path, Target target,
        Position position
    ) {
        for (const OptionTree& child : tree.children) {
            const Node* value = node == nullptr ? nullptr : node->find(child.name);
            const std::string child_path = join(path, child.name);
            if (child.is_list) {
                if (value != nullptr) {
                    read_list(child, *value, child_path);
                }
            } else if (child.option != nullptr) {
                read_option(*child.option, value, child_path, target, position);
            } else if (value != nullptr) {
                read_section(child, *value, child_path, target);
            } else {
                set_defaults(child, nullptr, child_path, target, position);
            }
        }
    }

    void read_option(
        const Option& option, const Node* node, const std::string& path, Target target,
        Position section
    ) {
        if (node != nullptr) {
            ++outcome_.options_set;
            assign(option, *node, path, target);
        } else if (option.required) {
            report_.error(section, path, "missing; expected " + expectation(option));
        } else if (!option.default_value.empty()) {
            ++outcome_.options_default;
            assign(option, read_yaml(option.default_value, "default").root, path, target);
        }
    }

    void assign(const Option& option, const Node& node, const std::string& path, Target target) {
        if (auto value = read_value(option, node, path, secrets_, report_)) {
            option.assign(target, *std::move(value));
        }
    }

    void read_list(const OptionTree& tree, const Node& node, const std::string& path) {
        if (path == "sources") {
            read_elements(settings_.sources, "directories", tree, node, path);
        } else if (path == "scim.rate_classes") {
            read_elements(settings_.rate_classes, "classes", tree, node, path);
        } else {
            read_elements(settings_.sign_on.issuers, "issuers", tree, node, path);
        }
    }

    template <class Element>
    void read_elements(
        std::vector<Element>& elements, const char* what, const OptionTree& tree, const Node& node,
        const std::string& path
    ) {
        const bool may_be_empty = !tree.is_required_list();
        if (node.kind != Node::Kind::sequence || (node.items.empty() && !may_be_empty)) {
            report_.error(
                node.position, path,
                std::string("expected a list of ") + what + ", each starting with \"- name:\"" +
                    found(node)
            );
            return;
        }
        elements.resize(node.items.size());
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            const std::string element = path + "[" + std::to_string(i) + "]";
            places_.emplace(element, node.items[i].position);
            read_section(tree, node.items[i], element, {&settings_, &elements[i]});
        }
    }

    static std::string join(const std::string& path, const std::string& key) {
        return path.empty() ? key : path + "." + key;
    }

    [[nodiscard]] std::size_t errors() {
        const auto& all = report_.diagnostics();
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& one) {
            return one.severity == Severity::error;
        }));
    }

    LoadOutcome finish() {
        outcome_.settings = std::move(settings_);
        outcome_.places = std::move(places_);
        outcome_.add(std::move(report_.diagnostics()));
        return std::move(outcome_);
    }

    Report report_;
    Secrets secrets_;
    Settings settings_;
    Places places_;
    LoadOutcome outcome_;
};

std::size_t count(const std::vector<Diagnostic>& all, Severity severity) {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& one) {
        return one.severity == severity;
    }));
}

std::string plural(std::size_t number, const std::string& word) {
    return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

LoadOutcome unreadable(const std::string& path, const std::string& why) {
    LoadOutcome outcome;
    outcome.readable = false;
    outcome.diagnostics.push_back(
        {Severity::error, path, {}, "", "cannot read the configuration file: " + why}
    );
    return outcome;
}

}  // namespace

void LoadOutcome::add(std::vector<Diagnostic> found) {
    std::move(found.begin(), found.end(), std::back_inserter(diagnostics));
    std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const auto& a, const auto& b) {
        return std::tie(a.position.line, a.position.column) <
               std::tie(b.position.line, b.position.column);
    });
    if (errors() != 0) {
        settings.reset();
    }
}

std::size_t LoadOutcome::errors() const {
    return count(diagnostics, Severity::error);
}

std::size_t LoadOutcome::warnings() const {
    return count(diagnostics, Severity::warning);
}

std::string LoadOutcome::summary() const {
    return plural(errors(), "error") + ", " + plural(warnings(), "warning") + " (" +
           plural(options_set, "option") + " set, " + plural(options_default, "default") + ").";
}

int LoadOutcome::exit_code() const {
    if (!readable) {
        return 2;
    }
    return errors() == 0 ? 0 : 1;
}

LoadOutcome load_text(std::string_view text, const std::string& file, Secrets secrets) {
    return Loader(file, secrets).load(text);
}

LoadOutcome load_file(const std::string& path, Secrets secrets) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return unreadable(path, std::system_category().message(errno));
    }
    std::string text(yaml_size_limit + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad() || (stream.fail() && !stream.eof())) {
        return unreadable(path, std::system_category().message(errno));
    }
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return load_text(text, path, secrets);
}

}  // namespace bascule::config

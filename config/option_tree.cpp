#include "config/option_tree.hpp"

namespace bascule::config {
namespace {

void insert(OptionTree& parent, std::string_view rest, const Option& option) {
    const std::size_t dot = rest.find('.');
    std::string_view part = rest.substr(0, dot);
    const bool is_list = part.ends_with("[]");
    if (is_list) {
        part.remove_suffix(2);
    }
    OptionTree* node = nullptr;
    for (OptionTree& child : parent.children) {
        node = child.name == part ? &child : node;
    }
    if (node == nullptr) {
        const std::string path = parent.path + (parent.is_list ? "[]" : "") +
                                 (parent.path.empty() ? "" : ".") + std::string(part);
        node = &parent.children.emplace_back(OptionTree{
            std::string(part), path, nullptr, is_list, {}});
    }
    if (dot == std::string_view::npos) {
        node->option = &option;
    } else {
        insert(*node, rest.substr(dot + 1), option);
    }
}

}  // namespace

const OptionTree* OptionTree::child(std::string_view key) const {
    for (const OptionTree& child : children) {
        if (child.name == key) {
            return &child;
        }
    }
    return nullptr;
}

std::vector<std::string> OptionTree::keys() const {
    std::vector<std::string> names;
    for (const OptionTree& child : children) {
        names.push_back(child.name);
    }
    return names;
}

const OptionTree& option_tree() {
    static const OptionTree root = [] {
        OptionTree made;
        for (const Option& option : options()) {
            insert(made, option.path, option);
        }
        return made;
    }();
    return root;
}

}  // namespace bascule::config

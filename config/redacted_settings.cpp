#include <fmt/format.h>

#include "config/documents.hpp"
#include "config/option_tree.hpp"

namespace bascule::config {
namespace {

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

}  // namespace

std::string redacted(const Settings& settings) {
    return SettingsWriter(settings).write();
}

}  // namespace bascule::config

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/options.hpp"

namespace bascule::config {

/// The options as the sections of a file.
struct OptionTree {
    std::string name;                ///< one key
    std::string path;                ///< "sources[].guard"; empty for the root
    const Option* option = nullptr;  ///< of a leaf
    bool is_list = false;            ///< its elements have the children
    /// The one list that must be there.
    [[nodiscard]] bool is_required_list() const { return is_list && path == "sources"; }
    std::vector<OptionTree> children;

    [[nodiscard]] const OptionTree* child(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> keys() const;
};

[[nodiscard]] const OptionTree& option_tree();

}  // namespace bascule::config

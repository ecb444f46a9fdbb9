#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"

namespace bascule::config {

/// A YAML value with its place. Scalars stay text: what they mean is decided by the option they are
/// for.
struct Node {
    enum class Kind { null, scalar, sequence, map };
    Kind kind = Kind::null;
    std::string text;
    Position position;
    std::vector<Node> keys;   ///< of a map, scalars, each beside the item of the same index
    std::vector<Node> items;  ///< values of a map, elements of a sequence

    /// The value of a key, or null.
    [[nodiscard]] const Node* find(std::string_view key) const;
};

/// The root of a file and everything that is wrong with its form.
struct YamlDocument {
    Node root;
    std::vector<Diagnostic> diagnostics;
};

/// Files larger than this are refused.
inline constexpr std::size_t yaml_size_limit = std::size_t{256} << 10;

/// Reads one strict YAML document. Refused are duplicate keys, anchors, aliases, merge keys, tags,
/// keys that are no text, several documents, text that is not UTF-8, and more than yaml_size_limit
/// bytes.
[[nodiscard]] YamlDocument read_yaml(std::string_view text, const std::string& file);

}  // namespace bascule::config

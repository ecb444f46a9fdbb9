#include "connectors/ldap/mapping/filter_explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "connectors/ldap/mapping/filter_evaluation.hpp"
#include "connectors/ldap/mapping/filter_printer.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

/// "the entry has objectClass: account, posixAccount".
std::string found_instead(const std::string& attribute, const directory::SourceEntry& entry) {
    const auto& values = entry.values(attribute);
    if (values.empty())
        return fmt::format("the entry has no {}", attribute);
    std::string out = fmt::format("the entry has {}: ", attribute);
    constexpr std::size_t shown = 8;
    std::string_view separator;
    for (const std::string_view value : values | std::views::take(shown)) {
        out.append(std::exchange(separator, ", ")).append(printable(value, 60));
    }
    if (values.size() > shown)
        out += fmt::format(" and {} more", values.size() - shown);
    return out;
}

}  // namespace

std::string explain_mismatch(const FilterNode& node, const directory::SourceEntry& entry) {
    const Truth result = evaluate(node, entry);
    if (result == Truth::yes)
        return {};
    if (node.kind == FilterKind::all_of) {
        const auto culprit =
            std::find_if(node.children.begin(), node.children.end(), [&](const FilterNode& child) {
                return evaluate(child, entry) != Truth::yes;
            });
        return explain_mismatch(*culprit, entry);
    }
    std::string text = print_filter(node);
    text += result == Truth::undefined ? " cannot be decided" : " is false";
    if (node.kind == FilterKind::any_of) {
        if (node.children.empty())
            return text;
        const FilterNode* first = &node.children.front();
        while (!first->children.empty())
            first = &first->children.front();
        return fmt::format("{} ({})", text, found_instead(first->attribute, entry));
    }
    const FilterNode* item = &node;
    while (!item->children.empty())
        item = &item->children.front();
    if (item->attribute.empty())
        return text;
    return fmt::format("{} ({})", text, found_instead(item->attribute, entry));
}

}  // namespace bascule::ldap

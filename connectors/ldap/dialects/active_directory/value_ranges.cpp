#include "connectors/ldap/dialects/active_directory/value_ranges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::RawAttribute;
using directory::SourceEntry;
using std::chrono::steady_clock;

constexpr std::string_view range_option = ";range=";
constexpr int most_attempts = 5;

constexpr std::string_view stamp_name = "uSNChanged";

bool read_number(std::string_view text, std::size_t& number) {
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc() && read.ptr == end;
}

/// One more part of the attribute; nothing when the entry was changed since `stamp`, if that is
/// given.
Result<std::optional<RawAttribute>> read_part(
    Connection& connection, const SourceEntry& entry, const std::string& name,
    const std::string& stamp, std::chrono::milliseconds patience
) {
    SearchRequest request;
    request.base = guid_name(entry.anchor);
    request.attributes = {name, "uSNChanged"};
    BASCULE_TRY(auto found, connection.search(request, steady_clock::now() + patience));
    if (found.empty()) {
        return std::optional(RawAttribute{});
    }
    if (!stamp.empty() && found.front().first_value(stamp_name) != stamp) {
        return std::optional<RawAttribute>();
    }
    for (auto& attribute : found.front().attributes) {
        if (parse_value_range(attribute.name)) {
            return std::optional(std::move(attribute));
        }
    }
    return std::optional(RawAttribute{});  // past the end
}

/// True when all parts are of one state of the entry.
Result<bool> read_rest(
    Connection& connection, const SourceEntry& entry, RawAttribute& attribute, ValueRange range,
    const std::string& stamp, std::size_t step, std::chrono::milliseconds patience
) {
    while (range.last) {
        const auto name = value_range_name(range.attribute, *range.last + 1, step);
        BASCULE_TRY(auto part, read_part(connection, entry, name, stamp, patience));
        if (!part) {
            return false;
        }
        attribute.values.append(part->values);
        const auto next = parse_value_range(part->name);
        range.last = next ? next->last : std::nullopt;
    }
    attribute.name = range.attribute;
    return true;
}

/// The parts that were there are thrown away and the first is read anew, with the stamp.
Status begin_again(
    Connection& connection, SourceEntry& entry, std::string_view attribute, std::size_t step,
    std::chrono::milliseconds patience
) {
    SearchRequest request;
    request.base = guid_name(entry.anchor);
    request.attributes = {value_range_name(attribute, 0, step), "uSNChanged"};
    BASCULE_TRY(auto found, connection.search(request, steady_clock::now() + patience));
    std::erase_if(entry.attributes, [&](const RawAttribute& one) {
        const auto range = parse_value_range(one.name);
        return equals_ignoring_ascii_case(one.name, "uSNChanged") ||
               (range && equals_ignoring_ascii_case(range->attribute, attribute));
    });
    if (!found.empty()) {
        std::ranges::move(found.front().attributes, std::back_inserter(entry.attributes));
    }
    return {};
}

}  // namespace

std::optional<ValueRange> parse_value_range(std::string_view name) {
    const auto option = to_ascii_lower(name).find(range_option);
    if (option == std::string_view::npos) {
        return std::nullopt;
    }
    const auto bounds = name.substr(option + range_option.size());
    const auto dash = bounds.find('-');
    ValueRange range{std::string(name.substr(0, option)), 0, std::nullopt};
    if (dash == std::string_view::npos || !read_number(bounds.substr(0, dash), range.first)) {
        return std::nullopt;
    }
    const auto end = bounds.substr(dash + 1);
    std::size_t last = 0;
    if (end == "*") {
        return range;
    }
    if (!read_number(end, last)) {
        return std::nullopt;
    }
    range.last = last;
    return range;
}

std::string value_range_name(std::string_view attribute, std::size_t first, std::size_t count) {
    return fmt::format("{};range={}-{}", attribute, first, first + count - 1);
}

Status complete_values(
    Connection& connection, SourceEntry& entry, std::size_t step, std::chrono::milliseconds patience
) {
    for (int attempt = 1;; ++attempt) {
        const auto part = std::ranges::find_if(entry.attributes, [](const RawAttribute& one) {
            return parse_value_range(one.name).has_value();
        });
        if (part == entry.attributes.end()) {
            return {};
        }
        const auto range = *parse_value_range(part->name);
        // One that never rests is taken as it comes: its next change is told and read again.
        const std::string stamp =
            attempt < most_attempts ? entry.first_value(stamp_name) : std::string();
        BASCULE_TRY(
            const bool complete, read_rest(connection, entry, *part, range, stamp, step, patience)
        );
        if (!complete) {
            BASCULE_CHECK(begin_again(connection, entry, range.attribute, step, patience));
        }
    }
}

}  // namespace bascule::ldap

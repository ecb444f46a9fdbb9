#include "scim/service/bulk_references.hpp"

#include <nlohmann/json.hpp>

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view prefix = "bulkId:";

Error unknown_reference(std::string_view bulk_id) {
    return Error{
        ErrorKind::invalid_input,
        "invalid_value",
        "No POST of this request has the bulkId '" + printable(bulk_id, 64) + "'.",
        {},
        {}};
}

/// The string literal that starts at `start`, with its quotes; to the end when it is not closed.
std::string_view literal_at(std::string_view text, std::size_t start) {
    for (std::size_t i = start + 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            return text.substr(start, i + 1 - start);
        }
    }
    return text.substr(start);
}

class Resolver {
  public:
    explicit Resolver(const FindBulkId& find) : find_(find) {}

    [[nodiscard]] Status walk(ordered_json& json, std::string_view key) {
        if (json.is_string()) {
            return resolve_text(json, key);
        }
        if (json.is_array()) {
            for (ordered_json& item : json) {
                BASCULE_CHECK(walk(item, key));
            }
        } else if (json.is_object()) {
            for (auto& [name, value] : json.items()) {
                BASCULE_CHECK(walk(value, name));
            }
        }
        return {};
    }

  private:
    [[nodiscard]] Status resolve_text(ordered_json& json, std::string_view key) {
        const std::string text = json.get<std::string>();
        if (equals_ignoring_ascii_case(key, "path") && text.find('[') != std::string::npos) {
            return resolve_filter(text).map([&](std::string path) { json = std::move(path); });
        }
        const bool is_address = equals_ignoring_ascii_case(key, "$ref");
        const std::size_t slash = is_address ? text.rfind('/') : std::string::npos;
        const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
        const auto bulk_id = bulk_reference(std::string_view(text).substr(start));
        if (!bulk_id) {
            return {};
        }
        if (const auto id = find_(*bulk_id)) {
            json = text.substr(0, start) + id->to_string();
            return {};
        }
        const bool is_reference = is_address || equals_ignoring_ascii_case(key, "value");
        return is_reference ? Status{fail(unknown_reference(*bulk_id))} : Status{};
    }

    [[nodiscard]] Result<std::string> resolve_filter(std::string_view path) {
        std::string resolved;
        for (std::size_t i = 0; i < path.size();) {
            if (path[i] != '"') {
                resolved += path[i++];
                continue;
            }
            const std::string_view literal = literal_at(path, i);
            i += literal.size();
            const auto value = ordered_json::parse(literal, nullptr, false);
            const auto bulk_id = value.is_string()
                                     ? bulk_reference(value.get_ref<const std::string&>())
                                     : std::nullopt;
            if (!bulk_id) {
                resolved += literal;
                continue;
            }
            const auto id = find_(*bulk_id);
            if (!id) {
                return fail(unknown_reference(*bulk_id));
            }
            resolved += '"' + id->to_string() + '"';
        }
        return resolved;
    }

    const FindBulkId& find_;
};

}  // namespace

std::optional<std::string_view> bulk_reference(std::string_view text) {
    if (!equals_ignoring_ascii_case(text.substr(0, prefix.size()), prefix)) {
        return std::nullopt;
    }
    return text.substr(prefix.size());
}

Status resolve_references(ordered_json& data, const FindBulkId& find) {
    return Resolver(find).walk(data, {});
}

}  // namespace bascule::scim

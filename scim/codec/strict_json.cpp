#include "scim/codec/strict_json.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t maximum_depth = 32;
constexpr std::size_t maximum_size = std::size_t{64} << 20;

/// Builds the tree while the library parses, and stops at the first breach of our rules.
class TreeBuilder : public Json::json_sax_t {
  public:
    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }
    bool end_object() override { return has_distinct_keys() && close(); }

    bool key(string_t& name) override {
        keys_.back() = std::move(name);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&)
        override {
        fault_ = "The body is no valid JSON: something unexpected at byte " +
                 std::to_string(position) + ".";
        return false;
    }

    [[nodiscard]] const std::string& fault() const { return fault_; }
    Json take() { return std::move(root_); }

  private:
    // The container's own emplace searches for the key, which costs the square of the members;
    // duplicates are looked for once, when the object ends.
    template <class Value>
    Json* place(Value&& value) {
        if (open_.empty()) {
            root_ = std::forward<Value>(value);
            return &root_;
        }
        Json& parent = *open_.back();
        if (parent.is_array()) {
            auto& items = parent.get_ref<Json::array_t&>();
            return &items.emplace_back(std::forward<Value>(value));
        }
        auto& members = parent.get_ref<Json::object_t&>();
        using Members = std::vector<Json::object_t::value_type>;
        return &static_cast<Members&>(members)
                    .emplace_back(keys_.back(), Json(std::forward<Value>(value)))
                    .second;
    }

    template <class Value>
    bool add(Value&& value) {
        place(std::forward<Value>(value));
        return true;
    }

    bool open(Json container) {
        if (open_.size() >= maximum_depth) {
            fault_ = "The body is nested deeper than " + std::to_string(maximum_depth) + " levels.";
            return false;
        }
        // A place stays where it is while it is open: its parent grows only after it is closed.
        open_.push_back(place(std::move(container)));
        keys_.emplace_back();
        return true;
    }

    bool close() {
        open_.pop_back();
        keys_.pop_back();
        return true;
    }

    bool has_distinct_keys() {
        std::vector<std::string_view> names;
        for (const auto& [name, value] : open_.back()->get_ref<Json::object_t&>()) {
            names.push_back(name);
        }
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice == names.end()) {
            return true;
        }
        fault_ = "The name \"" + printable(*twice) + "\" is given twice in one object.";
        return false;
    }

    Json root_;
    std::vector<Json*> open_;
    std::vector<std::string> keys_;
    std::string fault_;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
    if (text.size() > maximum_size) {
        return fail(ErrorKind::too_large, "too_large", "The body is larger than 64 MiB.");
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    const auto invalid = [](std::string detail) {
        return fail(ErrorKind::invalid_input, "invalid_syntax", std::move(detail));
    };
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return invalid("The body is empty; a JSON document is needed.");
    }
    if (!is_valid_utf8(text)) {
        return invalid("The body is not valid UTF-8.");
    }
    TreeBuilder builder;
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
        return invalid(builder.fault());
    }
    return builder.take();
}

void write_json(JsonWriter& out, const Json& json) {
    switch (json.type()) {
        case Json::value_t::object:
            out.begin_object();
            for (const auto& [key, value] : json.items()) {
                out.key(key);
                write_json(out, value);
            }
            out.end_object();
            return;
        case Json::value_t::array:
            out.begin_array();
            for (const Json& item : json) {
                write_json(out, item);
            }
            out.end_array();
            return;
        case Json::value_t::string:
            out.text(json.get_ref<const std::string&>());
            return;
        case Json::value_t::boolean:
            out.boolean(json.get<bool>());
            return;
        default:
            out.raw(json.dump());
    }
}

std::string to_text(const Json& json) {
    std::string text;
    JsonWriter writer(text);
    write_json(writer, json);
    return text;
}

}  // namespace bascule::scim

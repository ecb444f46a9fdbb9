#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bascule::store {

/// Bytes that are no text, such as a 16-byte identifier.
struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
};

/// A value that a statement binds.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string, Blob>;

/// SQL with the values of its placeholders, in order. Values are bound, never pasted into the text.
struct Sql {
    std::string text;
    std::vector<SqlValue> values;

    [[nodiscard]] bool empty() const { return text.empty(); }
    Sql& add(std::string_view piece) {
        text += piece;
        return *this;
    }
    Sql& add(const Sql& other) {
        text += other.text;
        values.insert(values.end(), other.values.begin(), other.values.end());
        return *this;
    }
    Sql& value(std::int64_t number) { return bind(std::in_place_type<std::int64_t>, number); }
    Sql& value(std::string text_value) {
        return bind(std::in_place_type<std::string>, std::move(text_value));
    }
    Sql& value(Blob blob) { return bind(std::in_place_type<Blob>, std::move(blob)); }

  private:
    template <class T, class Arg>
    Sql& bind(std::in_place_type_t<T> type, Arg&& argument) {
        text += '?';
        values.emplace_back(type, std::forward<Arg>(argument));
        return *this;
    }
};

}  // namespace bascule::store

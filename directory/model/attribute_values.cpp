#include "directory/model/attribute_values.hpp"

#include <algorithm>
#include <utility>

namespace bascule::directory {
namespace {

constexpr char octet_string = 0x04;
constexpr std::size_t long_form = 0x80;
constexpr std::size_t header_size = 2;

std::size_t octet(const char* at) {
    return static_cast<unsigned char>(*at);
}

/// One value and where the next begins. What is read is known to be whole.
struct Piece {
    std::string_view value;
    const char* next;
};

Piece piece_at(const char* at) {
    std::size_t size = octet(at + 1);
    const char* value = at + header_size;
    if (size >= long_form) {
        const char* const end = value + (size - long_form);
        for (size = 0; value != end; ++value)
            size = size << 8U | octet(value);
    }
    return {{value, size}, value + size};
}

/// The size of the value that `octets` begins with, header included; nothing when it is no octet
/// string or not whole.
std::optional<std::size_t> whole_size(std::string_view octets) {
    if (octets.size() < header_size || octets[0] != octet_string)
        return std::nullopt;
    const std::size_t first = octet(octets.data() + 1);
    std::size_t header = header_size;
    std::size_t size = first;
    if (first >= long_form) {
        const std::size_t count = first - long_form;
        if (count == 0 || count > sizeof(std::uint32_t) || octets.size() < header_size + count)
            return std::nullopt;
        size = 0;
        for (std::size_t number = 0; number < count; ++number)
            size = size << 8U | octet(octets.data() + header_size + number);
        header += count;
    }
    return size <= octets.size() - header ? std::optional(header + size) : std::nullopt;
}

void put(std::string& out, std::string_view value) {
    out += octet_string;
    if (value.size() < long_form) {
        out += static_cast<char>(value.size());
    } else {
        out += static_cast<char>(long_form + sizeof(std::uint32_t));
        for (unsigned shift = 32; shift != 0; shift -= 8)
            out += static_cast<char>(value.size() >> (shift - 8) & 0xFFU);
    }
    out += value;
}

}  // namespace

std::string_view AttributeValues::Iterator::operator*() const {
    return piece_at(at_).value;
}

AttributeValues::Iterator& AttributeValues::Iterator::operator++() {
    at_ = piece_at(at_).next;
    return *this;
}

AttributeValues::Iterator AttributeValues::Iterator::operator++(int) {
    return std::exchange(*this, Iterator(piece_at(at_).next));
}

AttributeValues::AttributeValues(std::initializer_list<std::string_view> values) {
    for (const std::string_view value : values)
        push_back(value);
}

AttributeValues::AttributeValues(std::span<const std::string> values) {
    for (const std::string& value : values)
        push_back(value);
}

std::optional<AttributeValues> AttributeValues::within(
    std::shared_ptr<const void> owner, std::string_view octets
) {
    AttributeValues out;
    out.owner_ = std::move(owner);
    out.octets_ = octets;
    while (!octets.empty()) {
        const auto size = whole_size(octets);
        if (!size)
            return std::nullopt;
        octets.remove_prefix(*size);
        ++out.size_;
    }
    return out;
}

std::size_t AttributeValues::place_of(const Iterator& value) const {
    return static_cast<std::size_t>(value.at_ - octets().data());
}

void AttributeValues::become_own() {
    if (owner_) {
        own_ = octets_;
        octets_ = {};
        owner_.reset();
    }
}

void AttributeValues::push_back(std::string_view value) {
    become_own();
    put(own_, value);
    ++size_;
}

void AttributeValues::append(const AttributeValues& others) {
    become_own();
    own_ += others.octets();
    size_ += others.size();
}

bool AttributeValues::operator==(const AttributeValues& other) const {
    return size_ == other.size_ && std::ranges::equal(*this, other);
}

}  // namespace bascule::directory

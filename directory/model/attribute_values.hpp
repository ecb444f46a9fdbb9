#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bascule::directory {

/// The values of an attribute as counted bytes, in the order in which the directory sent them.
///
/// They are kept as they come over the wire: BER octet strings of definite length, one after the
/// other (X.690 sections 8.1.3 and 8.7). So the values of a message are not copied: a group of a
/// million members takes what its message takes. Views of values last until the object that gave
/// them is changed, moved or gone. Not thread-safe; a copy may go to another thread.
class AttributeValues {
  public:
    class Iterator {
      public:
        using iterator_concept = std::forward_iterator_tag;
        using iterator_category = std::input_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using reference = std::string_view;
        using pointer = void;

        Iterator() = default;
        explicit Iterator(const char* at) : at_(at) {}
        [[nodiscard]] std::string_view operator*() const;
        Iterator& operator++();
        Iterator operator++(int);
        bool operator==(const Iterator&) const = default;

      private:
        friend class AttributeValues;
        const char* at_ = nullptr;
    };
    using value_type = std::string_view;
    using const_reference = std::string_view;
    using reference = const_reference;
    using const_iterator = Iterator;
    using iterator = const_iterator;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;

    AttributeValues() = default;
    AttributeValues(std::initializer_list<std::string_view> values);
    explicit AttributeValues(std::span<const std::string> values);
    /// The values that `octets` consists of, without copying them; `owner` keeps them where they
    /// are. Nothing when they are something else than octet strings.
    [[nodiscard]] static std::optional<AttributeValues> within(
        std::shared_ptr<const void> owner, std::string_view octets
    );

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    /// There must be one.
    [[nodiscard]] std::string_view front() const { return *begin(); }
    [[nodiscard]] Iterator begin() const { return Iterator(octets().data()); }
    [[nodiscard]] Iterator end() const { return Iterator(octets().data() + octets().size()); }

    /// What they take, in bytes.
    [[nodiscard]] std::size_t octet_count() const { return octets().size(); }
    /// Where a value stands, in bytes after the first one, and the value there.
    [[nodiscard]] std::size_t place_of(const Iterator& value) const;
    [[nodiscard]] Iterator find_at(std::size_t place) const {
        return Iterator(octets().data() + place);
    }

    void push_back(std::string_view value);
    void append(const AttributeValues& others);

    bool operator==(const AttributeValues& other) const;

  private:
    [[nodiscard]] std::string_view octets() const { return owner_ ? octets_ : own_; }
    void become_own();

    std::shared_ptr<const void> owner_;
    std::string_view octets_;  ///< within the owner
    std::string own_;          ///< without an owner
    std::size_t size_ = 0;
};

}  // namespace bascule::directory

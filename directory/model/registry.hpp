#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory/base/result.hpp"

namespace bascule::directory {

/// Index of an object type in the Registry. Stable within a process; stores keep their own numbers.
enum class TypeId : std::uint16_t {};
/// Index of an attribute in the Registry; implies its type.
enum class AttributeId : std::uint32_t {};

enum class ValueType { text, boolean, integer, decimal, date_time, binary, reference, complex };

/// Relations between objects, kept as edges and never inside documents. Beside these, every
/// reference attribute of an operator's schema has a kind of its own: own_edge_kind().
enum class EdgeKind : std::int32_t {
    member = 1,       ///< Group -> User or Group
    manager = 2,      ///< User -> User, at most one
    unit_member = 3,  ///< AdministrativeUnit -> User or Group
    owner = 4,        ///< Group -> User
};

/// The lasting kind of a reference attribute, made of its full path ("urn:…:Badge:holder"). Two
/// paths may in rare cases get one kind; who registers them refuses the second.
[[nodiscard]] EdgeKind own_edge_kind(std::string_view path);
[[nodiscard]] constexpr bool is_own_edge_kind(EdgeKind kind) {
    return static_cast<std::int32_t>(kind) >= 2000;
}

/// Where a value stands in a document: [extension member] / name / sub-attribute.
struct AttributePath {
    std::string extension;  ///< schema URN of the extension member, empty for core attributes
    std::string name;
    std::string sub;  ///< empty for simple attributes

    bool operator==(const AttributePath&) const = default;
    /// "emails.value", "urn:…:enterprise:2.0:User:department", "urn:…:User:manager.value".
    [[nodiscard]] std::string to_string() const;
};

/// How one attribute is compared and indexed. `path.sub` is set for parts of complex attributes.
struct AttributeSpec {
    AttributePath path;
    ValueType type = ValueType::text;
    bool multi_valued =
        false;  ///< the attribute or, for a sub-attribute, its parent has many values
    bool case_exact = false;
    bool searchable = false;  ///< the store keeps terms for it
    bool unique = false;      ///< no two live objects of the type may share a (folded) value
    std::optional<EdgeKind> edge = std::nullopt;  ///< kept as edges of this kind, not in documents
    bool secret = false;  ///< its values are shown to nobody, in no record either

    bool operator==(const AttributeSpec&) const = default;
};

struct TypeSpec {
    std::string name;            ///< "User"
    bool has_local_life = true;  ///< false for types that exist only as mirror bookkeeping
    std::vector<AttributeSpec> attributes;
    /// What a client's right to the type is called: "users" for users:read and users:write. Empty
    /// for types that no client reaches by a scope.
    std::string scope = {};
    /// Documents hold the attributes named here and no others.
    bool declares_all = false;
};

/// Every type and attribute the process knows. Built at start from the schemas and the internal
/// types, shared by all. Grows only by extend(), which may run beside readers: ids keep their
/// meaning, and what was returned by reference stays valid as long as the registry.
class Registry {
  public:
    Registry();
    ~Registry();
    Registry(Registry&& other) noexcept;
    Registry& operator=(Registry&& other) noexcept;

    /// Adds a type; the name must be new and paths distinct. Only while nobody reads.
    TypeId add(TypeSpec spec);

    /// Adds the types and attributes of `specs` that are not known yet, all or none. One thread at
    /// a time; readers may go on. Returns whether anything was added. `conflict`/"schema_changed"
    /// (field = type or attribute) when a known attribute of one of the types is missing or
    /// declared differently.
    [[nodiscard]] Result<bool> extend(std::span<const TypeSpec> specs);
    /// Undoes the last extend() that added something, when nobody has used what it added.
    void withdraw();

    [[nodiscard]] std::optional<TypeId> find_type(std::string_view name) const;
    /// The type by a name that must exist.
    [[nodiscard]] TypeId type(std::string_view name) const;
    [[nodiscard]] const TypeSpec& spec(TypeId type) const;
    [[nodiscard]] std::size_t type_count() const;

    /// Exact canonical path; nothing when the type has no such attribute.
    [[nodiscard]] std::optional<AttributeId> find_attribute(TypeId type, const AttributePath& path)
        const;
    [[nodiscard]] const AttributeSpec& spec(AttributeId attribute) const;
    [[nodiscard]] TypeId type_of(AttributeId attribute) const;
    [[nodiscard]] const std::vector<AttributeId>& attributes(TypeId type) const;

    /// Searchable attributes by where a document holds them: extension member ("" for core), then
    /// name. The scan that makes terms looks every member up here, so lookups take views.
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    template <class Value>
    using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;
    using SearchIndex = TextMap<TextMap<std::vector<AttributeId>>>;
    [[nodiscard]] const SearchIndex& search_index(TypeId type) const;

  private:
    struct Tables;
    [[nodiscard]] const Tables& tables() const { return *now_.load(std::memory_order_acquire); }

    std::vector<std::unique_ptr<Tables>> editions_;  ///< former ones stay for who still reads them
    std::atomic<const Tables*> now_;
};

/// The text under which a value is compared: folded unless case_exact or binary, booleans
/// "true"/"false". Numbers and times get an order-preserving form, so that comparing texts byte by
/// byte compares the values: integers are 16 hexadecimal digits of the value with its sign bit
/// flipped, decimals 16 digits of the IEEE 754 bits (sign bit flipped, negative ones inverted),
/// times RFC 3339 in UTC with milliseconds. `json` is the raw JSON value; a complex value stands
/// for its "value" member. Nothing when the value is null, empty or of another JSON type than the
/// attribute's.
[[nodiscard]] std::optional<std::string> term_value(
    const AttributeSpec& spec, std::string_view json
);

/// The same text for a number that did not come as JSON.
[[nodiscard]] std::string integer_term(std::int64_t value);
[[nodiscard]] std::string decimal_term(double value);

/// A term keeps at most this many bytes of a text.
inline constexpr std::size_t term_limit = 256;

/// What an index keeps of a compared text: the first 256 bytes, less when a UTF-8 character would
/// be cut. Texts with equal keys may differ behind it, so a search for a key that may_be_cut()
/// needs the document to decide; order is kept except between texts with equal keys.
[[nodiscard]] std::string term_key(std::string_view compared);
/// True when a longer text can have this key; such a hit is a candidate and not an answer.
[[nodiscard]] bool may_be_cut(std::string_view key);

/// One searchable value of an object.
struct Term {
    AttributeId attribute;
    std::string value;
    bool operator==(const Term&) const = default;
};

/// All terms (values as term_key() gives them) of a stored document, sorted and without duplicates.
/// One home for what is indexed.
[[nodiscard]] std::vector<Term> terms_of(
    const Registry& registry, TypeId type, std::string_view body
);

}  // namespace bascule::directory

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/object.hpp"
#include "directory/model/registry.hpp"

namespace bascule::directory {

/// RFC 7644 section 3.4.2.2.
enum class Operator { eq, ne, co, sw, ew, gt, ge, lt, le, pr };

/// A comparison value, already of the attribute's type. Text is as given; comparing folds it.
using FilterValue = std::variant<std::monostate, std::string, bool, std::int64_t, double, Time>;

/// Fields of the object row that are filtered like attributes.
enum class RowField { id, created, last_modified };

/// A resolved filter: every name is known, every value has the right type, sizes are bounded.
/// Only scim/filter's resolver and code make one; stores and the evaluator trust it.
struct Filter {
    enum class Kind {
        always,
        never,
        all_of,        ///< children
        any_of,        ///< children
        negation,      ///< children[0]
        comparison,    ///< attribute, op, value
        row_field,     ///< field, op, value (id as text)
        value_path,    ///< path (of a multi-valued complex attribute); children[0] applies to one
                       ///< element: its comparisons carry element_spec and no attribute id
        edge_to,       ///< has an edge of `edge` to the object `target` (members.value eq)
        edge_from,     ///< is reached by an edge of `edge` from `target`, also indirectly
                       ///< (groups.value eq)
        has_edges_to,  ///< has an edge of `edge` to an object other than `target`; nil excepts none
        has_edges_from,  ///< is reached by `edge`, also indirectly, from another than `target`
    };

    Kind kind = Kind::always;
    std::vector<Filter> children;

    std::optional<AttributeId> attribute;  ///< registry attribute of a comparison, when it has one
    AttributeSpec spec;  ///< how to compare; inside value_path only path.sub counts
    AttributePath path;  ///< of a value_path
    Operator op = Operator::eq;
    FilterValue value;

    RowField field = RowField::id;
    EdgeKind edge = EdgeKind::member;
    Uuid target;
};

/// An order of objects. It is total: objects with equal keys come in creation order, those without
/// a value last. Descending is the exact reverse of ascending.
struct Sort {
    /// Sorts by this attribute's primary or first value, or by a row field when absent.
    std::optional<AttributeId> attribute;
    RowField field = RowField::id;
    bool descending = false;
};

/// The place of an object in an ascending order. What the key is made of is the store's affair.
struct SortPosition {
    std::optional<std::string> key;  ///< nothing: no value, or no sort
    Oid oid{};

    bool operator==(const SortPosition&) const = default;
    bool operator<(const SortPosition& other) const {
        if (key.has_value() != other.key.has_value()) {
            return key.has_value();
        }
        return key == other.key ? oid < other.oid : key < other.key;
    }
};

/// A page that begins at a place instead of at a number: it costs the same at any depth, and what
/// is added or deleted elsewhere moves nothing into or out of it.
struct Keyset {
    /// The page begins right behind this place; nothing: at the start. The object that stood there
    /// may be gone.
    std::optional<SortPosition> from;
    bool before = false;  ///< the page ends right before `from` (or at the end) instead
};

/// A page of the objects of one type. Without a sort the order is creation order and stable.
struct Query {
    TypeId type{};
    Filter filter;
    std::optional<Sort> sort;
    std::uint64_t offset = 0;
    std::uint64_t limit = 100;
    std::optional<Keyset> keyset;  ///< instead of `offset`
    bool wants_total = true;       ///< false: the total may stay 0, which can save a pass
    /// Most documents that may be read to find out what matches and in which order; 0: no bound.
    /// Beyond it the query fails with `invalid_input`/"too_many".
    std::uint64_t check_limit = 0;
};

struct QueryResult {
    std::uint64_t total = 0;  ///< all matches, not only this page
    std::vector<Object> objects;
    /// With a keyset: the places of `objects`, and whether there are more in its direction.
    std::vector<SortPosition> positions = {};
    bool more = false;
};

}  // namespace bascule::directory

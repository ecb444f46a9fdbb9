#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "directory/ports/store.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// The place of a resource in a list of one or several types: by sort key, then type, then
/// creation.
struct Place {
    directory::SortPosition position;
    std::size_t type = 0;  ///< number of the type in the list's order of types

    bool operator<(const Place& other) const;
};

struct PlacedResource {
    Place place;
    directory::Object object;
};

struct PlacedPage {
    std::vector<PlacedResource> resources;
    bool more = false;        ///< resources follow in the page's direction
    std::uint64_t total = 0;  ///< when it was asked for, or costs nothing
};

/// A list of resources whose pages begin at places instead of at numbers. Thread-compatible.
class PlacedList {
  public:
    /// `views` are the types that the caller may read, in the order in which they are listed when
    /// nothing else is asked for. With `unknown_is_absent` an attribute that a type lacks counts as
    /// unassigned there. Errors: those of the filter, `invalid_path` when no type can be sorted so.
    [[nodiscard]] static Result<PlacedList> make(
        const Engine& engine, const ListRequest& request, std::vector<const TypeView*> views,
        bool unknown_is_absent
    );

    struct Span {
        std::optional<Place> from;  ///< nothing: from the start, or the end
        bool before = false;        ///< the page ends at `from`
        std::uint64_t count = 0;
        bool wants_total = true;
    };
    [[nodiscard]] Result<PlacedPage> page(directory::Reader& reader, const Span& span) const;

    [[nodiscard]] const TypeView& view(const Place& place) const {
        return *types_[place.type].view;
    }
    /// The number of a type by its name.
    [[nodiscard]] std::optional<std::size_t> number_of(std::string_view type) const;

  private:
    struct Type {
        const TypeView* view = nullptr;
        directory::Query query;
    };

    [[nodiscard]] Status add(
        const Engine& engine, const ListRequest& request, const TypeView& view,
        bool unknown_is_absent
    );
    [[nodiscard]] directory::Query query_for(
        std::size_t type, const Span& span, std::uint64_t limit
    ) const;

    std::vector<Type> types_;
    bool sorted_ = false;
    bool descending_ = false;
    std::optional<Error> sort_error_;
};

}  // namespace bascule::scim

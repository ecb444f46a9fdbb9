#include "scim/service/cursor_list.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "scim/service/list_page.hpp"
#include "scim/service/page_cursor.hpp"
#include "scim/service/placed_page.hpp"

namespace bascule::scim {
namespace {

using directory::Reader;

/// Resources up to the end of a sorted page of several types.
constexpr std::uint64_t deepest_sorted = 10'000;

/// Lists resources of several types, each with the projection that the request means for its type.
class Projections {
  public:
    Projections(const Engine& engine, const ListRequest& request, const PlacedList& list)
        : engine_(engine), request_(request), list_(list) {}

    Status add(ListPage& page, PlacedResource resource) {
        const TypeView& view = list_.view(resource.place);
        auto known = projections_.find(&view);
        if (known == projections_.end()) {
            BASCULE_TRY(
                Projection projection, Projection::make(
                                           request_.attributes, request_.excluded_attributes,
                                           engine_.with.schemas, *view.type
                                       )
            );
            known = projections_
                        .emplace(&view, std::make_shared<const Projection>(std::move(projection)))
                        .first;
        }
        page.resources.push_back({&view, known->second, std::move(resource.object)});
        page.head.size = page.resources.size();
        return {};
    }

  private:
    const Engine& engine_;
    const ListRequest& request_;
    const PlacedList& list_;
    std::unordered_map<const TypeView*, std::shared_ptr<const Projection>> projections_;
};

/// The cursors around a page.
class CursorMaker {
  public:
    CursorMaker(
        const Engine& engine, const PlacedList& list, std::string binding, PageCursor common
    )
        : engine_(engine), list_(list), binding_(std::move(binding)), common_(std::move(common)) {}

    [[nodiscard]] std::string at(const Place& place, bool before) const {
        PageCursor cursor = common_;
        cursor.before = before;
        cursor.type = list_.view(place).type->name;
        cursor.position = place.position;
        return engine_.sealer.seal(write_cursor(cursor), binding_);
    }

  private:
    const Engine& engine_;
    const PlacedList& list_;
    std::string binding_;
    PageCursor common_;
};

Status check_count(const ListRequest& request, const PageCursor& cursor) {
    if (!request.names_count || request.count == cursor.count) {
        return {};
    }
    return fail(Error{
        ErrorKind::invalid_input,
        "invalid_count",
        "count must stay what it was in the first request: " + std::to_string(cursor.count) + ".",
        "count",
        {}});
}

Result<PlacedList::Span> span_of(
    const PlacedList& list, const ListRequest& request, const std::optional<PageCursor>& cursor
) {
    PlacedList::Span span;
    span.count = request.count;
    if (!cursor) {
        return span;
    }
    BASCULE_CHECK(check_count(request, *cursor));
    const auto type = list.number_of(cursor->type);
    if (!type) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_cursor",
            "The cursor stands at a resource that may no longer be read. Begin again with an empty "
            "cursor.",
            "cursor",
            {}});
    }
    span.count = cursor->count;
    span.before = cursor->before;
    span.from = Place{cursor->position, *type};
    // A filter may match very much; what was counted for the first page is not counted again.
    span.wants_total = !request.filter.has_value();
    return span;
}

}  // namespace

Result<http::Response> list_by_cursor(
    const Engine& engine, const Call& call, const ListRequest& request, std::string_view endpoint,
    std::vector<const TypeView*> views
) {
    const Time now = engine.with.clock.now();
    const std::string binding = cursor_binding(call.caller, endpoint, request);
    std::optional<PageCursor> cursor;
    if (!request.cursor->empty()) {
        BASCULE_TRY(
            cursor,
            open_cursor(
                engine.sealer, *request.cursor, binding, now, engine.with.options.cursor_timeout
            )
        );
    }
    BASCULE_TRY(
        const PlacedList list, PlacedList::make(engine, request, std::move(views), endpoint.empty())
    );
    BASCULE_TRY(const PlacedList::Span span, span_of(list, request, cursor));
    Projections projections(engine, request, list);
    return answer_list(engine, [&](Reader& reader) -> Result<ListPage> {
        BASCULE_TRY(PlacedPage placed, list.page(reader, span));
        const std::uint64_t total = span.wants_total ? placed.total : cursor->total;
        ListPage page{{std::nullopt, total}, {}};
        if (placed.resources.empty()) {
            return page;
        }
        const CursorMaker cursors(
            engine, list, binding, PageCursor{now, span.count, total, false, {}, {}}
        );
        const bool has_next = span.before || placed.more;
        const bool has_previous = span.before ? placed.more : cursor.has_value();
        if (has_next) {
            page.head.next_cursor = cursors.at(placed.resources.back().place, false);
        }
        if (has_previous) {
            page.head.previous_cursor = cursors.at(placed.resources.front().place, true);
        }
        for (PlacedResource& resource : placed.resources) {
            BASCULE_CHECK(projections.add(page, std::move(resource)));
        }
        return page;
    });
}

Result<http::Response> list_sorted_types(
    const Engine& engine, const ListRequest& request, std::vector<const TypeView*> views
) {
    const std::uint64_t skipped = request.start_index - 1;
    if (skipped > deepest_sorted || skipped + request.count > deepest_sorted) {
        return fail(
            ErrorKind::invalid_input, "too_many",
            "Sorted lists of several resource types end at " + std::to_string(deepest_sorted) +
                " when they are paged by index; page with cursor instead."
        );
    }
    BASCULE_TRY(const PlacedList list, PlacedList::make(engine, request, std::move(views), true));
    Projections projections(engine, request, list);
    return answer_list(engine, [&](Reader& reader) -> Result<ListPage> {
        PlacedList::Span span;
        span.count = skipped + request.count;
        BASCULE_TRY(PlacedPage placed, list.page(reader, span));
        ListPage page{{request.start_index, placed.total}, {}};
        for (std::size_t index = skipped; index < placed.resources.size(); ++index) {
            BASCULE_CHECK(projections.add(page, std::move(placed.resources[index])));
        }
        return page;
    });
}

}  // namespace bascule::scim

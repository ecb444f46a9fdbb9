#include "scim/service/placed_page.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/filter/filter.hpp"
#include "scim/service/sort_key.hpp"

namespace bascule::scim {
namespace {

using directory::Oid;
using directory::Query;

constexpr auto first_oid = static_cast<Oid>(std::numeric_limits<std::int64_t>::min());
constexpr auto last_oid = static_cast<Oid>(std::numeric_limits<std::int64_t>::max());

void order_by_name(std::vector<const TypeView*>& views, bool descending) {
    std::ranges::sort(views, [descending](const TypeView* left, const TypeView* right) {
        return descending ? right->type->name < left->type->name
                          : left->type->name < right->type->name;
    });
}

}  // namespace

bool Place::operator<(const Place& other) const {
    directory::SortPosition left{position.key, {}};
    directory::SortPosition right{other.position.key, {}};
    if (!(left == right)) {
        return left < right;
    }
    return std::pair(type, position.oid) < std::pair(other.type, other.position.oid);
}

Result<PlacedList> PlacedList::make(
    const Engine& engine, const ListRequest& request, std::vector<const TypeView*> views,
    bool unknown_is_absent
) {
    PlacedList list;
    list.sorted_ = !request.sort_by.empty() && !sorts_by_type(request);
    list.descending_ = list.sorted_ && request.descending;
    if (sorts_by_type(request)) {
        order_by_name(views, request.descending);
    }
    for (const TypeView* view : views) {
        BASCULE_CHECK(list.add(engine, request, *view, unknown_is_absent));
    }
    if (list.sort_error_ && std::ranges::none_of(list.types_, [](const Type& type) {
            return type.query.sort.has_value();
        })) {
        return fail(*std::move(list.sort_error_));
    }
    return list;
}

Status PlacedList::add(
    const Engine& engine, const ListRequest& request, const TypeView& view, bool unknown_is_absent
) {
    Type type;
    type.view = &view;
    type.query.type = view.type->type;
    type.query.check_limit = engine.with.options.search_limit;
    if (request.filter) {
        BASCULE_TRY(
            type.query.filter,
            compile_filter(
                *request.filter, engine.with.schemas, *view.type, engine.registry,
                unknown_is_absent, FilterLimits{}, request.dialect
            )
        );
    }
    if (sorted_) {
        auto sort = sort_of(engine, view, request);
        if (sort) {
            type.query.sort = *std::move(sort);
        } else {
            sort_error_ = std::move(sort).error();
        }
    }
    types_.push_back(std::move(type));
    return {};
}

std::optional<std::size_t> PlacedList::number_of(std::string_view type) const {
    for (std::size_t number = 0; number < types_.size(); ++number) {
        if (types_[number].view->type->name == type) {
            return number;
        }
    }
    return std::nullopt;
}

Query PlacedList::query_for(std::size_t type, const Span& span, std::uint64_t limit) const {
    Query query = types_[type].query;
    query.limit = limit;
    query.wants_total = span.wants_total;
    query.keyset.emplace();
    if (span.from) {
        auto place = span.from->position;
        if (type != span.from->type) {
            place.oid = type < span.from->type ? last_oid : first_oid;
        }
        query.keyset->from = std::move(place);
    }
    // A type without the attribute has no order of its own to turn round.
    query.keyset->before = span.before != (descending_ && !query.sort);
    return query;
}

Result<PlacedPage> PlacedList::page(directory::Reader& reader, const Span& span) const {
    PlacedPage page;
    const bool down = descending_ != span.before;
    for (std::size_t step = 0; step < types_.size(); ++step) {
        const std::size_t number = down ? types_.size() - 1 - step : step;
        if (types_[number].query.filter.kind == directory::Filter::Kind::never) {
            continue;
        }
        // Without a sort the types follow one another, so that later ones only fill the page up.
        const std::uint64_t limit =
            sorted_ ? span.count
                    : span.count - std::min<std::uint64_t>(span.count, page.resources.size());
        BASCULE_TRY(
            directory::QueryResult found,
            reader.query(query_for(number, span, std::max<std::uint64_t>(limit, 1)))
        );
        page.total += found.total;
        page.more = page.more || found.more;
        for (std::size_t index = 0; index < found.objects.size(); ++index) {
            page.resources.push_back(
                {{std::move(found.positions[index]), number}, std::move(found.objects[index])}
            );
        }
    }
    std::ranges::sort(page.resources, [down](const auto& left, const auto& right) {
        return down ? right.place < left.place : left.place < right.place;
    });
    if (page.resources.size() > span.count) {
        page.more = true;
        page.resources.resize(span.count);
    }
    if (span.before) {
        std::ranges::reverse(page.resources);
    }
    return page;
}

}  // namespace bascule::scim

#include "scim/service/read_operations.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "directory/base/text.hpp"
#include "scim/filter/filter.hpp"
#include "scim/service/cursor_list.hpp"
#include "scim/service/list_page.hpp"
#include "scim/service/negotiation.hpp"
#include "scim/service/resource_stream.hpp"
#include "scim/service/resource_view.hpp"
#include "scim/service/scim_error.hpp"
#include "scim/service/sort_key.hpp"

namespace bascule::scim {
namespace {

using directory::Object;
using directory::Query;
using directory::QueryResult;
using directory::Reader;

/// More hits than this are counted and paged by a query.
constexpr std::size_t lookup_limit = 100;

struct Lookup {
    directory::AttributeId attribute{};
    std::string_view value;
};

/// Recognises `name eq "value"` for an attribute with a look-up, where the value needs no decoding.
std::optional<Lookup> plain_lookup(const TypeView& view, std::string_view filter) {
    const auto blank = filter.find(' ');
    if (blank == std::string_view::npos || filter.size() < blank + 6) {
        return std::nullopt;
    }
    const std::string_view rest = filter.substr(blank);
    if (!equals_ignoring_ascii_case(rest.substr(0, 4), " eq ") || rest[4] != '"' ||
        rest.back() != '"') {
        return std::nullopt;
    }
    const std::string_view value = rest.substr(5, rest.size() - 6);
    const bool plain = rest.size() > 6 && std::none_of(value.begin(), value.end(), [](char c) {
                           return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
                       });
    if (!plain || !is_valid_utf8(value)) {
        return std::nullopt;
    }
    for (const LookupAttribute& attribute : view.lookups) {
        if (equals_ignoring_ascii_case(attribute.name, filter.substr(0, blank))) {
            return Lookup{attribute.id, value};
        }
    }
    return std::nullopt;
}

using SharedProjection = std::shared_ptr<const Projection>;

Result<SharedProjection> projection_of(
    const Engine& engine, const TypeView& view, const ListRequest& request
) {
    if (request.attributes.empty() && request.excluded_attributes.empty()) {
        static const auto everything = std::make_shared<const Projection>();
        return everything;
    }
    BASCULE_TRY(
        Projection projection,
        Projection::make(
            request.attributes, request.excluded_attributes, engine.with.schemas, *view.type
        )
    );
    return std::make_shared<const Projection>(std::move(projection));
}

/// The matches and their number from one index entry when the filter allows; nothing when a query
/// has to find them.
Result<std::optional<QueryResult>> find_by_lookup(
    const TypeView& view, const ListRequest& request, Reader& reader
) {
    if (!request.filter || !request.sort_by.empty() || request.start_index != 1) {
        return std::nullopt;
    }
    const auto lookup = plain_lookup(view, *request.filter);
    if (!lookup) {
        return std::nullopt;
    }
    BASCULE_TRY(
        std::vector<Object> objects,
        reader.find_by_term(lookup->attribute, lookup->value, lookup_limit + 1)
    );
    if (objects.size() > lookup_limit) {
        return std::nullopt;
    }
    const auto total = objects.size();
    objects.resize(std::min<std::size_t>(total, request.count));
    return QueryResult{total, std::move(objects)};
}

Result<directory::Filter> filter_of(
    const Engine& engine, const TypeView& view, const ListRequest& request, bool unknown_is_absent
) {
    if (!request.filter) {
        return directory::Filter{};
    }
    return compile_filter(
        *request.filter, engine.with.schemas, *view.type, engine.registry, unknown_is_absent,
        FilterLimits{}, request.dialect
    );
}

Result<QueryResult> find_of_type(
    const Engine& engine, const TypeView& view, const ListRequest& request, Reader& reader
) {
    BASCULE_TRY(std::optional<QueryResult> found, find_by_lookup(view, request, reader));
    if (found) {
        return *std::move(found);
    }
    Query query;
    query.type = view.type->type;
    BASCULE_TRY(query.filter, filter_of(engine, view, request, false));
    BASCULE_TRY(query.sort, sort_of(engine, view, request));
    query.check_limit = engine.with.options.search_limit;
    query.offset = request.start_index - 1;
    query.limit = request.count;
    return reader.query(query);
}

Result<http::Response> list_type(
    const Engine& engine, const TypeView& view, const ListRequest& request
) {
    BASCULE_TRY(const SharedProjection projection, projection_of(engine, view, request));
    return answer_list(engine, [&](Reader& reader) -> Result<ListPage> {
        BASCULE_TRY(QueryResult found, find_of_type(engine, view, request, reader));
        ListPage page{{request.start_index, found.total}, {}};
        page.add(view, projection, std::move(found.objects));
        return page;
    });
}

/// One type's share of a search over several: skips what lies before the page, fills what is left
/// of it.
class SearchAcross {
  public:
    SearchAcross(const Engine& engine, const ListRequest& request, Reader& reader)
        : engine_(engine),
          request_(request),
          reader_(reader),
          page_{{request.start_index}, {}},
          skip_(request.start_index - 1) {}

    Status add(const TypeView& view) {
        Query query;
        query.type = view.type->type;
        BASCULE_TRY(query.filter, filter_of(engine_, view, request_, true));
        if (query.filter.kind == directory::Filter::Kind::never) {
            return {};
        }
        query.check_limit = engine_.with.options.search_limit;
        query.offset = skip_;
        query.limit = request_.count - page_.head.size;
        BASCULE_TRY(QueryResult result, reader_.query(query));
        page_.head.total += result.total;
        skip_ -= std::min<std::uint64_t>(skip_, result.total);
        BASCULE_TRY(const SharedProjection projection, projection_of(engine_, view, request_));
        page_.add(view, projection, std::move(result.objects));
        return {};
    }

    [[nodiscard]] ListPage page() && { return std::move(page_); }

  private:
    const Engine& engine_;
    const ListRequest& request_;
    Reader& reader_;
    ListPage page_;
    std::uint64_t skip_;
};

std::vector<const TypeView*> readable_views(const Engine& engine, const Call& call) {
    std::vector<const TypeView*> views;
    for (const TypeView& view : engine.views) {
        if (call.caller.has_scope(view.read_scope)) {
            views.push_back(&view);
        }
    }
    return views;
}

Result<http::Response> search_types(
    const Engine& engine, const Call& call, const ListRequest& request
) {
    auto views = readable_views(engine, call);
    if (request.cursor) {
        return list_by_cursor(engine, call, request, "", std::move(views));
    }
    if (!request.sort_by.empty()) {
        return list_sorted_types(engine, request, std::move(views));
    }
    return answer_list(engine, [&](Reader& reader) -> Result<ListPage> {
        SearchAcross search(engine, request, reader);
        for (const TypeView* view : views) {
            BASCULE_CHECK(search.add(*view));
        }
        return std::move(search).page();
    });
}

Result<http::Response> list_one_type(
    const Engine& engine, const TypeView& view, const Call& call, const ListRequest& request
) {
    return request.cursor ? list_by_cursor(engine, call, request, view.type->endpoint, {&view})
                          : list_type(engine, view, request);
}

}  // namespace

namespace {

/// The answer is made from a snapshot while it is sent.
Result<http::Response> get_long_resource(
    const Engine& engine, const TypeView& view, const Call& call, const Uuid& id,
    const Projection& projection
) {
    BASCULE_TRY(auto snapshot, engine.with.store.open_snapshot());
    BASCULE_TRY(std::optional<Object> object, snapshot->reader().find(id));
    if (!object || object->row.type != view.type->type) {
        return fail(no_such_resource(view, call.request.path_parameters.front()));
    }
    http::Response response;
    response.content_type = media_type;
    response.set("ETag", entity_tag(object->row.version));
    BASCULE_CHECK(
        stream_resource(engine, view, std::move(snapshot), *std::move(object), projection, response)
    );
    return response;
}

}  // namespace

Result<http::Response> get_resource(const Engine& engine, const TypeView& view, const Call& call) {
    BASCULE_TRY(const Uuid id, target_id(call, view));
    BASCULE_TRY(const Projection projection, projection_of(engine, call, view));
    http::Response response;
    bool members_are_many = false;
    const auto load = [&](Reader& reader) -> Status {
        BASCULE_TRY(const std::optional<Object> object, reader.find(id));
        if (!object || object->row.type != view.type->type) {
            return fail(no_such_resource(view, call.request.path_parameters.front()));
        }
        response.set("ETag", entity_tag(object->row.version));
        if (none_match_hit(call.request, object->row)) {
            response.status = 304;
            return {};
        }
        if (shown_members(view, object->row, projection) > most_members_at_once) {
            members_are_many = true;
            return {};
        }
        BASCULE_TRY(response.body, view_resource(engine, view, reader, *object, projection));
        response.content_type = media_type;
        return {};
    };
    BASCULE_CHECK(engine.with.store.read(load));
    if (members_are_many) {
        return get_long_resource(engine, view, call, id, projection);
    }
    return response;
}

Result<http::Response> list_resources(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(
        const ListRequest request, list_request_of(call.parameters, limits_of(engine, call))
    );
    return list_one_type(engine, view, call, request);
}

Result<http::Response> search_resources(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(
        const ListRequest request, list_request_of(call.request.body, limits_of(engine, call))
    );
    return list_one_type(engine, view, call, request);
}

Result<http::Response> list_all(const Engine& engine, const Call& call) {
    BASCULE_TRY(
        const ListRequest request, list_request_of(call.parameters, limits_of(engine, call))
    );
    return search_types(engine, call, request);
}

Result<http::Response> search_all(const Engine& engine, const Call& call) {
    BASCULE_TRY(
        const ListRequest request, list_request_of(call.request.body, limits_of(engine, call))
    );
    return search_types(engine, call, request);
}

http::Response empty_list() {
    http::Response response;
    response.content_type = media_type;
    response.body = ListText(ListHead{1}).finish();
    return response;
}

http::Pool pool_of_get(const TypeView& view, const http::Request& request) {
    if (!view.has_member_list) {
        return http::Pool::inline_;
    }
    const bool lean = equals_ignoring_ascii_case(request.query, "excludedAttributes=members");
    return lean ? http::Pool::inline_ : http::Pool::read;
}

http::Pool pool_of_list(const TypeView& view, const http::Request& request) {
    if (view.has_member_list || request.query.empty()) {
        return http::Pool::read;
    }
    const auto filter = http::QueryParameters(request.query).get("filter");
    return filter && plain_lookup(view, *filter) ? http::Pool::inline_ : http::Pool::read;
}

}  // namespace bascule::scim

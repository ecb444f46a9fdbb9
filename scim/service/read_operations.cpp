#include "scim/service/read_operations.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "directory/base/text.hpp"
#include "scim/filter/filter.hpp"
#include "scim/service/list_text.hpp"
#include "scim/service/negotiation.hpp"
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

Result<Projection> projection_of(
    const Engine& engine, const TypeView& view, const ListRequest& request
) {
    if (request.attributes.empty() && request.excluded_attributes.empty()) {
        return Projection{};
    }
    return Projection::make(
        request.attributes, request.excluded_attributes, engine.with.schemas, *view.type
    );
}

http::Response ok(std::string body) {
    http::Response response;
    response.content_type = media_type;
    response.body = std::move(body);
    return response;
}

/// Adds the objects to the list as they look to the client.
Status add_resources(
    const Engine& engine, const TypeView& view, Reader& reader, const std::vector<Object>& objects,
    const Projection& projection, ListText& list
) {
    for (const Object& object : objects) {
        BASCULE_TRY(
            const std::string text, view_resource(engine, view, reader, object, projection)
        );
        list.add(text);
    }
    return {};
}

/// Answers from one index entry when the filter allows; false when a query has to.
Result<bool> answer_by_lookup(
    const Engine& engine, const TypeView& view, const ListRequest& request,
    const Projection& projection, Reader& reader, ListText& list
) {
    if (!request.filter || !request.sort_by.empty() || request.start_index != 1) {
        return false;
    }
    const auto lookup = plain_lookup(view, *request.filter);
    if (!lookup) {
        return false;
    }
    BASCULE_TRY(
        std::vector<Object> objects,
        reader.find_by_term(lookup->attribute, lookup->value, lookup_limit + 1)
    );
    if (objects.size() > lookup_limit) {
        return false;
    }
    list.set_total(objects.size());
    objects.resize(std::min<std::size_t>(objects.size(), request.count));
    BASCULE_CHECK(add_resources(engine, view, reader, objects, projection, list));
    return true;
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

Result<http::Response> list_type(
    const Engine& engine, const TypeView& view, const ListRequest& request
) {
    BASCULE_TRY(const Projection projection, projection_of(engine, view, request));
    ListText list(request.start_index);
    const auto load = [&](Reader& reader) -> Status {
        BASCULE_TRY(
            const bool answered, answer_by_lookup(engine, view, request, projection, reader, list)
        );
        if (answered) {
            return {};
        }
        Query query;
        query.type = view.type->type;
        BASCULE_TRY(query.filter, filter_of(engine, view, request, false));
        BASCULE_TRY(query.sort, sort_of(engine, view, request));
        query.offset = request.start_index - 1;
        query.limit = request.count;
        BASCULE_TRY(const QueryResult result, reader.query(query));
        list.set_total(result.total);
        return add_resources(engine, view, reader, result.objects, projection, list);
    };
    BASCULE_CHECK(engine.with.store.read(load));
    return ok(std::move(list).finish());
}

/// One type's share of a search over several: skips what lies before the page, fills what is left
/// of it.
class SearchAcross {
  public:
    SearchAcross(const Engine& engine, const ListRequest& request, Reader& reader, ListText& list)
        : engine_(engine),
          request_(request),
          reader_(reader),
          list_(list),
          skip_(request.start_index - 1) {}

    Status add(const TypeView& view) {
        Query query;
        query.type = view.type->type;
        BASCULE_TRY(query.filter, filter_of(engine_, view, request_, true));
        if (query.filter.kind == directory::Filter::Kind::never) {
            return {};
        }
        if (!request_.sort_by.empty()) {
            if (auto sort = sort_of(engine_, view, request_)) {
                query.sort = *std::move(sort);
            }
        }
        query.offset = skip_;
        query.limit = request_.count - list_.size();
        BASCULE_TRY(const QueryResult result, reader_.query(query));
        total_ += result.total;
        types_ += result.total == 0 ? 0 : 1;
        skip_ -= std::min<std::uint64_t>(skip_, result.total);
        BASCULE_TRY(const Projection projection, projection_of(engine_, view, request_));
        return add_resources(engine_, view, reader_, result.objects, projection, list_);
    }

    Status finish() {
        if (!request_.sort_by.empty() && types_ > 1) {
            return fail(
                ErrorKind::invalid_input, "too_many",
                "Results of several resource types cannot be sorted together. Search one type's "
                "endpoint, or "
                "add meta.resourceType eq to the filter."
            );
        }
        list_.set_total(total_);
        return {};
    }

  private:
    const Engine& engine_;
    const ListRequest& request_;
    Reader& reader_;
    ListText& list_;
    std::uint64_t skip_;
    std::uint64_t total_ = 0;
    std::size_t types_ = 0;
};

Result<http::Response> search_types(
    const Engine& engine, const Call& call, const ListRequest& request
) {
    ListText list(request.start_index);
    const auto load = [&](Reader& reader) -> Status {
        SearchAcross search(engine, request, reader, list);
        for (const TypeView& view : engine.views) {
            if (call.caller.has_scope(view.read_scope)) {
                BASCULE_CHECK(search.add(view));
            }
        }
        return search.finish();
    };
    BASCULE_CHECK(engine.with.store.read(load));
    return ok(std::move(list).finish());
}

}  // namespace

Result<http::Response> get_resource(const Engine& engine, const TypeView& view, const Call& call) {
    BASCULE_TRY(const Uuid id, target_id(call, view));
    BASCULE_TRY(const Projection projection, projection_of(engine, call, view));
    http::Response response;
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
        BASCULE_TRY(response.body, view_resource(engine, view, reader, *object, projection));
        response.content_type = media_type;
        return {};
    };
    BASCULE_CHECK(engine.with.store.read(load));
    return response;
}

Result<http::Response> list_resources(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(
        const ListRequest request, list_request_of(call.parameters, limits_of(engine, call))
    );
    return list_type(engine, view, request);
}

Result<http::Response> search_resources(
    const Engine& engine, const TypeView& view, const Call& call
) {
    BASCULE_TRY(
        const ListRequest request, list_request_of(call.request.body, limits_of(engine, call))
    );
    return list_type(engine, view, request);
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
    return ok(ListText(1).finish());
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

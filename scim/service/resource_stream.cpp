#include "scim/service/resource_stream.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/json_text.hpp"
#include "scim/service/resource_view.hpp"

namespace bascule::scim {
namespace {

using directory::ObjectRow;
using directory::Oid;

// Rows that are read at once: about as many as fill what is wanted.
constexpr std::size_t bytes_per_member = 128;
constexpr std::size_t smallest_page = 16;
constexpr std::size_t largest_page = 250;

/// One object from a snapshot of its own.
class ResourceSource final : public http::BodySource {
  public:
    ResourceSource(
        const Engine& engine, const TypeView& view, std::unique_ptr<directory::Snapshot> snapshot,
        directory::Object object, Projection projection
    )
        : snapshot_(std::move(snapshot)),
          object_(std::move(object)),
          projection_(std::move(projection)),
          text_(engine, view, object_, projection_) {}

    Result<bool> append_piece(std::string& out) override { return append(out, later_piece); }
    Result<bool> append(std::string& out, std::size_t size) {
        return text_.append(snapshot_->reader(), out, size);
    }

  private:
    std::unique_ptr<directory::Snapshot> snapshot_;
    const directory::Object object_;
    const Projection projection_;
    ResourceText text_;
};

}  // namespace

ResourceText::ListShape ResourceText::shape_of(
    const EdgeAttribute& edge, const Projection& projection
) {
    const Attribute& attribute = *edge.name.attribute;
    const bool whole =
        projection.extent(edge.name.extension, attribute) == Projection::Extent::whole;
    const auto shows = [&](std::string_view name) {
        const Attribute* sub = attribute.sub(name);
        return whole ||
               (sub != nullptr && projection.shows_part(edge.name.extension, attribute, *sub));
    };
    return {attribute.name, edge.kind,        shows("value"),
            shows("$ref"),  shows("display"), shows("type")};
}

ResourceText::ResourceText(
    const Engine& engine, const TypeView& view, const directory::Object& object,
    const Projection& projection
)
    : engine_(engine), view_(view), object_(object), projection_(projection) {
    for (const EdgeAttribute& edge : view.edges) {
        if (edge.multi_valued && projection.shows(edge.name)) {
            lists_.push_back(shape_of(edge, projection));
        }
    }
}

Result<bool> ResourceText::append(directory::Reader& reader, std::string& out, std::size_t size) {
    const std::size_t enough = out.size() + size;
    if (!has_head_) {
        BASCULE_CHECK(append_head(reader, out));
        has_head_ = true;
    }
    while (list_ < lists_.size()) {
        if (out.size() >= enough) {
            return true;
        }
        const std::size_t page_size =
            std::clamp((enough - out.size()) / bytes_per_member, smallest_page, largest_page);
        BASCULE_TRY(
            const std::vector<ObjectRow> rows,
            reader.edge_targets(lists_[list_].kind, object_.row.oid, after_, page_size)
        );
        for (const ObjectRow& row : rows) {
            append_member(out, row);
        }
        if (rows.size() == page_size) {
            after_ = rows.back().oid;
        } else {
            end_list(out);
        }
    }
    out += '}';
    return false;
}

Status ResourceText::append_head(directory::Reader& reader, std::string& out) {
    BASCULE_TRY(
        const std::string head,
        view_resource(engine_, view_, reader, object_, projection_, MemberLists::left_out)
    );
    // The members come before the closing brace.
    out.append(head, 0, head.size() - 1);
    return {};
}

void ResourceText::append_member(std::string& out, const ObjectRow& row) {
    const ListShape& shape = lists_[list_];
    if (is_empty_) {
        out.append(",\"").append(shape.name).append("\":[");
        is_empty_ = false;
    } else {
        out += ',';
    }
    const TypeView* view = engine_.view_of(row.type);
    JsonWriter json(out);
    json.begin_object();
    if (shape.value) {
        json.field("value", row.id.to_string());
    }
    if (shape.reference && view != nullptr) {
        json.field("$ref", location_of(*view->type, row.id, engine_.base_url()));
    }
    const bool shows_display = view == nullptr || view->shows_display;
    if (shape.display && shows_display && !row.display.empty()) {
        json.field("display", row.display);
    }
    if (shape.type && view != nullptr) {
        json.field("type", view->type->name);
    }
    json.end_object();
}

/// An empty list is not shown: no value means no attribute (RFC 7643 section 2.5).
void ResourceText::end_list(std::string& out) {
    out += is_empty_ ? "" : "]";
    is_empty_ = true;
    after_ = Oid{};
    ++list_;
}

std::uint64_t shown_members(
    const TypeView& view, const ObjectRow& row, const Projection& projection
) {
    for (const EdgeAttribute& edge : view.edges) {
        if (edge.multi_valued && projection.shows(edge.name)) {
            return row.references;
        }
    }
    return 0;
}

Status stream_resource(
    const Engine& engine, const TypeView& view, std::unique_ptr<directory::Snapshot> snapshot,
    directory::Object object, Projection projection, http::Response& response
) {
    const auto source = std::make_shared<ResourceSource>(
        engine, view, std::move(snapshot), std::move(object), std::move(projection)
    );
    BASCULE_TRY(const bool more, source->append(response.body, first_piece));
    if (more) {
        response.rest = source;
    }
    return {};
}

}  // namespace bascule::scim

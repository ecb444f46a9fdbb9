#include "scim/service/resource_stream.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "directory/base/json_text.hpp"
#include "scim/service/resource_view.hpp"

namespace bascule::scim {
namespace {

using directory::ObjectRow;
using directory::Oid;

constexpr std::uint32_t long_list = 1000;
constexpr std::size_t page_size = 250;
// The first bytes leave soon; later pieces are larger, since each costs a turn of its own.
constexpr std::size_t first_piece = std::size_t{8} << 10;
constexpr std::size_t later_piece = std::size_t{64} << 10;

/// Which sub-attributes the elements of one list show.
struct ListShape {
    std::string name;
    directory::EdgeKind kind{};
    bool value = false;
    bool reference = false;
    bool display = false;
    bool type = false;
};

ListShape shape_of(const EdgeAttribute& edge, const Projection& projection) {
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

class MemberSource final : public http::BodySource {
  public:
    MemberSource(
        const Engine& engine, std::unique_ptr<directory::Snapshot> snapshot, Oid object,
        std::vector<ListShape> lists
    )
        : engine_(engine),
          snapshot_(std::move(snapshot)),
          object_(object),
          lists_(std::move(lists)) {}

    Result<bool> append_piece(std::string& out) override { return append(out, later_piece); }

    Result<bool> append(std::string& out, std::size_t size) {
        const std::size_t enough = out.size() + size;
        while (list_ < lists_.size()) {
            if (out.size() >= enough) {
                return true;
            }
            BASCULE_TRY(
                const std::vector<ObjectRow> rows,
                snapshot_->reader().edge_targets(lists_[list_].kind, object_, after_, page_size)
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

  private:
    void append_member(std::string& out, const ObjectRow& row) {
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
        if (shape.display && !row.display.empty()) {
            json.field("display", row.display);
        }
        if (shape.type && view != nullptr) {
            json.field("type", view->type->name);
        }
        json.end_object();
    }

    /// An empty list is not shown: no value means no attribute (RFC 7643 section 2.5).
    void end_list(std::string& out) {
        out += is_empty_ ? "" : "]";
        is_empty_ = true;
        after_ = Oid{};
        ++list_;
    }

    const Engine& engine_;
    std::unique_ptr<directory::Snapshot> snapshot_;
    const Oid object_;
    const std::vector<ListShape> lists_;
    std::size_t list_ = 0;
    Oid after_{};
    bool is_empty_ = true;  ///< nothing of the present list was written
};

}  // namespace

bool is_long(const TypeView& view, const ObjectRow& row, const Projection& projection) {
    if (row.references <= long_list) {
        return false;
    }
    for (const EdgeAttribute& edge : view.edges) {
        if (edge.multi_valued && projection.shows(edge.name)) {
            return true;
        }
    }
    return false;
}

Status stream_resource(
    const Engine& engine, const TypeView& view, std::unique_ptr<directory::Snapshot> snapshot,
    const directory::Object& object, const Projection& projection, http::Response& response
) {
    BASCULE_TRY(
        response.body,
        view_resource(engine, view, snapshot->reader(), object, projection, MemberLists::left_out)
    );
    response.body.pop_back();  // the members come before the closing brace
    std::vector<ListShape> lists;
    for (const EdgeAttribute& edge : view.edges) {
        if (edge.multi_valued && projection.shows(edge.name)) {
            lists.push_back(shape_of(edge, projection));
        }
    }
    const auto source = std::make_shared<MemberSource>(
        engine, std::move(snapshot), object.row.oid, std::move(lists)
    );
    BASCULE_TRY(const bool more, source->append(response.body, first_piece));
    if (more) {
        response.rest = source;
    }
    return {};
}

}  // namespace bascule::scim

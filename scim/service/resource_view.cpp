#include "scim/service/resource_view.hpp"

#include <cstddef>
#include <vector>

#include "directory/base/json_text.hpp"

namespace bascule::scim {
namespace {

using directory::Neighbour;
using directory::Object;
using directory::ObjectRow;
using directory::Oid;
using directory::Reader;

constexpr std::size_t member_page = 1000;

/// Renders the edges of one object; collects what is spliced into its document.
class EdgeRenderer {
  public:
    EdgeRenderer(const Engine& engine, Reader& reader, const Object& object)
        : engine_(engine), reader_(reader), object_(object) {}

    Status add_members(const EdgeAttribute& attribute) {
        begin_list(attribute.name.attribute->name);
        Oid after{};
        for (bool more = true; more;) {
            BASCULE_TRY(
                const std::vector<ObjectRow> page,
                reader_.edge_targets(attribute.kind, object_.row.oid, after, member_page)
            );
            for (const ObjectRow& row : page) {
                add_element(row, type_name(row));
            }
            more = page.size() == member_page;
            after = page.empty() ? after : page.back().oid;
        }
        end_list();
        return {};
    }

    Status add_groups(const ResolvedName& name) {
        BASCULE_TRY(
            const std::vector<Neighbour> groups,
            reader_.reaching(directory::EdgeKind::member, object_.row.oid)
        );
        begin_list(name.attribute->name);
        for (const Neighbour& group : groups) {
            add_element(group.row, group.direct ? "direct" : "indirect");
        }
        end_list();
        return {};
    }

    Status set_manager(const EdgeAttribute& attribute) {
        BASCULE_TRY(
            const std::vector<ObjectRow> rows,
            reader_.edge_targets(attribute.kind, object_.row.oid, Oid{}, 1)
        );
        if (!rows.empty()) {
            write_reference(manager_, rows.front(), "displayName", {});
        }
        return {};
    }

    [[nodiscard]] const std::string& members() const { return members_; }
    [[nodiscard]] const std::string& manager() const { return manager_; }

  private:
    std::string_view type_name(const ObjectRow& row) const {
        const TypeView* view = engine_.view_of(row.type);
        return view == nullptr ? std::string_view{} : std::string_view(view->type->name);
    }

    void begin_list(std::string_view name) {
        before_list_ = members_.size();
        members_ += members_.empty() ? "\"" : ",\"";
        members_ += name;
        members_ += "\":[";
        first_ = true;
    }

    void add_element(const ObjectRow& row, std::string_view type) {
        if (!first_) {
            members_ += ',';
        }
        first_ = false;
        write_reference(members_, row, "display", type);
    }

    /// An empty list is not shown: no value means no attribute (RFC 7643 section 2.5).
    void end_list() {
        if (first_) {
            members_.resize(before_list_);
        } else {
            members_ += ']';
        }
    }

    void write_reference(
        std::string& out, const ObjectRow& row, std::string_view display_name, std::string_view type
    ) const {
        out += "{\"value\":\"";
        out += row.id.to_string();
        out += '"';
        if (const TypeView* view = engine_.view_of(row.type)) {
            out += ",\"$ref\":\"";
            append_location(out, *view->type, row.id, engine_.base_url());
            out += '"';
        }
        if (!row.display.empty()) {
            out += ",\"";
            out += display_name;
            out += "\":";
            append_json_string(out, row.display);
        }
        if (!type.empty()) {
            out += ",\"type\":\"";
            out += type;
            out += '"';
        }
        out += '}';
    }

    const Engine& engine_;
    Reader& reader_;
    const Object& object_;
    std::string members_;
    std::string manager_;
    std::size_t before_list_ = 0;
    bool first_ = true;
};

bool wanted(
    const EdgeAttribute& attribute, const Projection& projection, MemberLists member_lists
) {
    if (member_lists == MemberLists::only_when_named && attribute.multi_valued &&
        projection.mode() != Projection::Mode::only) {
        return false;
    }
    return projection.shows(attribute.name);
}

}  // namespace

Result<std::string> view_resource(
    const Engine& engine, const TypeView& view, Reader& reader, const Object& object,
    const Projection& projection, MemberLists member_lists
) {
    EdgeRenderer edges(engine, reader, object);
    for (const EdgeAttribute& attribute : view.edges) {
        if (object.row.references == 0 || !wanted(attribute, projection, member_lists)) {
            continue;
        }
        BASCULE_CHECK(
            attribute.multi_valued ? edges.add_members(attribute) : edges.set_manager(attribute)
        );
    }
    if (view.groups && projection.shows(*view.groups)) {
        BASCULE_CHECK(edges.add_groups(*view.groups));
    }
    return render(
        *view.type, object, projection, {engine.base_url(), edges.members(), edges.manager()}
    );
}

}  // namespace bascule::scim

#include "scim/service/resource_view.hpp"

#include <cstddef>
#include <span>
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

    /// Several targets as a list, or the one there is.
    Status add(const EdgeAttribute& attribute) {
        std::string& out = target_of(attribute.name.extension);
        return attribute.multi_valued ? add_list(attribute, out) : add_single(attribute, out);
    }

    Status add_list(const EdgeAttribute& attribute, std::string& out) {
        begin_list(out, attribute.name.attribute->name);
        const ReferenceNames names = names_of(*attribute.name.attribute);
        Oid after{};
        for (bool more = true; more;) {
            BASCULE_TRY(
                const std::vector<ObjectRow> page,
                reader_.edge_targets(attribute.kind, object_.row.oid, after, member_page)
            );
            for (const ObjectRow& row : page) {
                add_element(out, row, names, names.type ? type_name(row) : std::string_view{});
            }
            more = page.size() == member_page;
            after = page.empty() ? after : page.back().oid;
        }
        end_list(out);
        return {};
    }

    Status add_groups(const ResolvedName& name) {
        BASCULE_TRY(
            const std::vector<Neighbour> groups,
            reader_.reaching(directory::EdgeKind::member, object_.row.oid)
        );
        begin_list(members_, name.attribute->name);
        for (const Neighbour& group : groups) {
            add_element(
                members_, group.row, names_of(*name.attribute), group.direct ? "direct" : "indirect"
            );
        }
        end_list(members_);
        return {};
    }

    [[nodiscard]] const std::string& members() const { return members_; }
    [[nodiscard]] std::span<const ExtensionMembers> extensions() {
        std::erase_if(extensions_, [](const ExtensionMembers& edges) {
            return edges.members.empty();
        });
        return extensions_;
    }

  private:
    /// Which of the parts that describe a target the schema has.
    struct ReferenceNames {
        std::string_view display;
        bool type = false;
    };

    static ReferenceNames names_of(const Attribute& attribute) {
        ReferenceNames names;
        for (const char* const name : {"display", "displayName"}) {
            const Attribute* sub = attribute.sub(name);
            names.display = sub != nullptr ? std::string_view(sub->name) : names.display;
        }
        names.type = attribute.sub("type") != nullptr;
        return names;
    }

    std::string_view type_name(const ObjectRow& row) const {
        const TypeView* view = engine_.view_of(row.type);
        return view == nullptr ? std::string_view{} : std::string_view(view->type->name);
    }

    std::string& target_of(const Schema* extension) {
        if (extension == nullptr) {
            return members_;
        }
        for (ExtensionMembers& edges : extensions_) {
            if (edges.schema == extension) {
                return edges.members;
            }
        }
        return extensions_.emplace_back(ExtensionMembers{extension, {}}).members;
    }

    Status add_single(const EdgeAttribute& attribute, std::string& out) {
        BASCULE_TRY(
            const std::vector<ObjectRow> rows,
            reader_.edge_targets(attribute.kind, object_.row.oid, Oid{}, 1)
        );
        if (!rows.empty()) {
            const ReferenceNames names = names_of(*attribute.name.attribute);
            begin_member(out, attribute.name.attribute->name);
            write_reference(
                out, rows.front(), names.display,
                names.type ? type_name(rows.front()) : std::string_view{}
            );
        }
        return {};
    }

    static void begin_member(std::string& out, std::string_view name) {
        out += out.empty() ? "\"" : ",\"";
        out += name;
        out += "\":";
    }

    void begin_list(std::string& out, std::string_view name) {
        before_list_ = out.size();
        begin_member(out, name);
        out += '[';
        first_ = true;
    }

    void add_element(
        std::string& out, const ObjectRow& row, const ReferenceNames& names, std::string_view type
    ) {
        if (!first_) {
            out += ',';
        }
        first_ = false;
        write_reference(out, row, names.display, type);
    }

    /// An empty list is not shown: no value means no attribute (RFC 7643 section 2.5).
    void end_list(std::string& out) {
        if (first_) {
            out.resize(before_list_);
        } else {
            out += ']';
        }
    }

    void write_reference(
        std::string& out, const ObjectRow& row, std::string_view display_name, std::string_view type
    ) const {
        out += "{\"value\":\"";
        out += row.id.to_string();
        out += '"';
        const TypeView* view = engine_.view_of(row.type);
        if (view != nullptr) {
            out += ",\"$ref\":\"";
            append_location(out, *view->type, row.id, engine_.base_url());
            out += '"';
        }
        const bool shows_display = view == nullptr || view->shows_display;
        if (shows_display && !row.display.empty() && !display_name.empty()) {
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
    std::vector<ExtensionMembers> extensions_;
    std::size_t before_list_ = 0;
    bool first_ = true;
};

bool wanted(
    const EdgeAttribute& attribute, const Projection& projection, MemberLists member_lists
) {
    if (member_lists == MemberLists::left_out && attribute.is_member_list()) {
        return false;
    }
    if (member_lists == MemberLists::only_when_named && attribute.is_member_list() &&
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
        BASCULE_CHECK(edges.add(attribute));
    }
    if (view.groups && projection.shows(*view.groups)) {
        BASCULE_CHECK(edges.add_groups(*view.groups));
    }
    return render(
        *view.type, object, projection, {engine.base_url(), edges.members(), edges.extensions()}
    );
}

}  // namespace bascule::scim

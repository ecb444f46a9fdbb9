#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "directory/ports/store.hpp"
#include "scim/codec/projection.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// An answer that lists more members than this is made while it is sent.
inline constexpr std::uint64_t most_members_at_once = 1000;

/// The first bytes of such an answer leave soon; later pieces are larger, since each costs a turn
/// of its own.
inline constexpr std::size_t first_piece = std::size_t{8} << 10;
inline constexpr std::size_t later_piece = std::size_t{64} << 10;

/// How many members the resource shows at most; 0 when the projection shows no list of them.
[[nodiscard]] std::uint64_t shown_members(
    const TypeView& view, const directory::ObjectRow& row, const Projection& projection
);

/// The wire text of an object made piece by piece, so that its lists of members never stand in
/// memory as a whole. Everything that it is given outlives it.
class ResourceText {
  public:
    ResourceText(
        const Engine& engine, const TypeView& view, const directory::Object& object,
        const Projection& projection
    );

    /// Appends some `size` bytes more; false when the text is complete.
    [[nodiscard]] Result<bool> append(
        directory::Reader& reader, std::string& out, std::size_t size
    );

  private:
    /// Which sub-attributes the elements of one list show.
    struct ListShape {
        std::string name;
        directory::EdgeKind kind{};
        bool value = false;
        bool reference = false;
        bool display = false;
        bool type = false;
    };
    [[nodiscard]] static ListShape shape_of(
        const EdgeAttribute& edge, const Projection& projection
    );
    [[nodiscard]] Status append_head(directory::Reader& reader, std::string& out);
    void append_member(std::string& out, const directory::ObjectRow& row);
    void end_list(std::string& out);

    const Engine& engine_;
    const TypeView& view_;
    const directory::Object& object_;
    const Projection& projection_;
    std::vector<ListShape> lists_;
    std::size_t list_ = 0;
    directory::Oid after_{};
    bool has_head_ = false;
    bool is_empty_ = true;  ///< nothing of the present list was written
};

/// Lets the response show one object whose lists of members are made while they are sent: `body` is
/// the document with the first members, `rest` all that follows. Everything comes from the one
/// snapshot. The engine and the view outlive the response.
[[nodiscard]] Status stream_resource(
    const Engine& engine, const TypeView& view, std::unique_ptr<directory::Snapshot> snapshot,
    directory::Object object, Projection projection, http::Response& response
);

}  // namespace bascule::scim

#include "scim/service/list_page.hpp"

#include <optional>
#include <utility>

#include "scim/service/resource_stream.hpp"
#include "scim/service/resource_view.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::scim {
namespace {

using directory::Reader;

bool is_long(const ListPage& page) {
    std::uint64_t members = 0;
    for (const auto& resource : page.resources) {
        members += shown_members(*resource.view, resource.object.row, *resource.projection);
    }
    return members > most_members_at_once;
}

Result<std::string> whole_text(const Engine& engine, Reader& reader, const ListPage& page) {
    ListText text(page.head);
    for (const auto& resource : page.resources) {
        BASCULE_TRY(
            const std::string shown,
            view_resource(engine, *resource.view, reader, resource.object, *resource.projection)
        );
        text.add(shown);
    }
    return std::move(text).finish();
}

/// A page from a snapshot of its own.
class PageSource final : public http::BodySource {
  public:
    PageSource(const Engine& engine, std::unique_ptr<directory::Snapshot> snapshot, ListPage page)
        : engine_(engine), snapshot_(std::move(snapshot)), page_(std::move(page)) {}

    Result<bool> append_piece(std::string& out) override { return append(out, later_piece); }

    Result<bool> append(std::string& out, std::size_t size) {
        const std::size_t enough = out.size() + size;
        while (next_ < page_.resources.size()) {
            if (out.size() >= enough) {
                return true;
            }
            BASCULE_CHECK(append_some(out, enough - out.size()));
        }
        out += list_end;
        return false;
    }

  private:
    /// The next resource, or a part of it when it is long.
    Status append_some(std::string& out, std::size_t size) {
        const ListedResource& resource = page_.resources[next_];
        if (!text_) {
            out += next_ == 0 ? "" : ",";
            text_.emplace(engine_, *resource.view, resource.object, *resource.projection);
        }
        BASCULE_TRY(const bool more, text_->append(snapshot_->reader(), out, size));
        if (!more) {
            text_.reset();
            ++next_;
        }
        return {};
    }

    const Engine& engine_;
    std::unique_ptr<directory::Snapshot> snapshot_;
    const ListPage page_;
    std::size_t next_ = 0;
    std::optional<ResourceText> text_;  ///< of the resource that is being written
};

}  // namespace

void ListPage::add(
    const TypeView& view, const std::shared_ptr<const Projection>& projection,
    std::vector<directory::Object> objects
) {
    for (auto& object : objects) {
        resources.push_back({&view, projection, std::move(object)});
    }
    head.size = resources.size();
}

Result<http::Response> answer_list(
    const Engine& engine, const std::function<Result<ListPage>(Reader&)>& make
) {
    http::Response response;
    response.content_type = media_type;
    bool streams = false;
    BASCULE_CHECK(engine.with.store.read([&](Reader& reader) -> Status {
        BASCULE_TRY(const ListPage page, make(reader));
        streams = is_long(page);
        if (!streams) {
            BASCULE_TRY(response.body, whole_text(engine, reader, page));
        }
        return {};
    }));
    if (!streams) {
        return response;
    }
    BASCULE_TRY(auto snapshot, engine.with.store.open_snapshot());
    BASCULE_TRY(ListPage page, make(snapshot->reader()));
    response.body = list_begin(page.head);
    const auto source = std::make_shared<PageSource>(engine, std::move(snapshot), std::move(page));
    BASCULE_TRY(const bool more, source->append(response.body, first_piece));
    if (more) {
        response.rest = source;
    }
    return response;
}

}  // namespace bascule::scim

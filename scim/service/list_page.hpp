#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "scim/codec/projection.hpp"
#include "scim/service/engine.hpp"
#include "scim/service/list_text.hpp"

namespace bascule::scim {

/// One resource of a page, as it is to be shown.
struct ListedResource {
    const TypeView* view = nullptr;
    std::shared_ptr<const Projection> projection;
    directory::Object object;
};

struct ListPage {
    ListHead head;  ///< its size is that of `resources`
    std::vector<ListedResource> resources;

    void add(
        const TypeView& view, const std::shared_ptr<const Projection>& projection,
        std::vector<directory::Object> objects
    );
};

/// Answers with the page that `make` reads. A page with many members is made while it is sent, and
/// then `make` runs a second time, on the snapshot that all of the answer comes from. The engine
/// outlives the response.
[[nodiscard]] Result<http::Response> answer_list(
    const Engine& engine, const std::function<Result<ListPage>(directory::Reader&)>& make
);

}  // namespace bascule::scim

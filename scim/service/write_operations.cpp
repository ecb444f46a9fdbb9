#include "scim/service/write_operations.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include "scim/codec/strict_json.hpp"
#include "scim/service/preference.hpp"
#include "scim/service/resource_write.hpp"

namespace bascule::scim {
namespace {

using http::Method;

Result<http::Response> write_resource(
    const Engine& engine, const TypeView& view, const Call& call, Method method
) {
    const Preferences preferences = preferences_of(call.request);
    if (method != Method::post) {
        BASCULE_CHECK(target_id(call, view));
    }
    nlohmann::ordered_json body;
    if (method != Method::delete_) {
        BASCULE_TRY(body, parse_json(call.request.body));
    }
    WriteInput input;
    input.method = method;
    input.body = &body;
    input.representation = preferences.representation;
    BASCULE_TRY(
        const std::unique_ptr<ResourceWrite> write, prepare_write(engine, view, call, input)
    );
    return carry_out(engine, *write, preferences);
}

}  // namespace

Result<http::Response> create_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    return write_resource(engine, view, call, Method::post);
}

Result<http::Response> replace_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    return write_resource(engine, view, call, Method::put);
}

Result<http::Response> patch_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    return write_resource(engine, view, call, Method::patch);
}

Result<http::Response> delete_resource(
    const Engine& engine, const TypeView& view, const Call& call
) {
    return write_resource(engine, view, call, Method::delete_);
}

}  // namespace bascule::scim

#include "daemon/admin/doctor_routes.hpp"

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"
#include "daemon/doctor/doctor.hpp"

namespace bascule::daemon {

Status add_doctor_routes(Generation& generation) {
    return add_operator_route(
        generation.admin_router, http::Method::get, "/v1/doctor",
        "Looks at directories, store and files and tells what is missing; changes nothing.",
        [&generation](const http::Request& request, const access::Caller&)
            -> Result<http::Response> {
            const http::QueryParameters parameters(request.query);
            const Doctor doctor{
                generation.settings, generation.core.registry, generation.core.store.get()};
            BASCULE_TRY(const auto checks, doctor.examine(parameters.get("source").value_or("")));
            return json_response(checks_json(checks));
        }
    );
}

}  // namespace bascule::daemon

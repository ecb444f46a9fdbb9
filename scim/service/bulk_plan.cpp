#include "scim/service/bulk_plan.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/bulk_references.hpp"
#include "scim/service/permission.hpp"

namespace bascule::scim {
namespace {

using http::Method;

Error invalid(std::string detail) {
    return Error{ErrorKind::invalid_input, "invalid_value", std::move(detail), {}, {}};
}

/// The path of an operation taken apart.
struct Target {
    const TypeView* view = nullptr;
    std::string id;  ///< empty for a type's own endpoint
};

/// Paths are relative to the service's root; an absolute one of this service is understood too.
std::string_view relative(std::string_view path, std::string_view base_url) {
    if (path.starts_with(base_url)) {
        path.remove_prefix(base_url.size());
    }
    return path;
}

Error no_target(std::string_view path) {
    constexpr std::array others{
        "/Bulk", "/Me", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig"};
    const bool known = std::any_of(others.begin(), others.end(), [&](std::string_view other) {
        return path.starts_with(other);
    });
    if (known || path.ends_with("/.search")) {
        return invalid(
            "A bulk operation changes a resource, such as /Users/<id>; '" + printable(path, 100) +
            "' is not one."
        );
    }
    return Error{
        ErrorKind::not_found,
        "not_found",
        "There is no endpoint '" + printable(path, 100) + "'.",
        {},
        {}};
}

Result<Target> target_of(const Engine& engine, std::string_view path) {
    const std::string text = http::percent_decode(path);
    for (const TypeView& view : engine.views) {
        const std::string& endpoint = view.type->endpoint;
        if (text == endpoint) {
            return Target{&view, {}};
        }
        const bool below = text.starts_with(endpoint) && text[endpoint.size()] == '/';
        if (below && text.find('/', endpoint.size() + 1) == std::string::npos) {
            return Target{&view, text.substr(endpoint.size() + 1)};
        }
    }
    return fail(no_target(text));
}

/// Plans one request.
class Planner {
  public:
    Planner(const Engine& engine, const Call& call, PreferredReturn representation)
        : engine_(engine), call_(call), representation_(representation) {}

    BulkPlan plan(BulkRequest& request) {
        for (BulkOperation& sent : request.operations) {
            auto operation = std::make_unique<PlannedOperation>();
            operation->sent = &sent;
            if (sent.method == Method::post) {
                operation->new_id = uuid_v7(engine_.with.clock.now());
                posts_.emplace(sent.bulk_id, plan_.operations.size());
            }
            plan_.operations.push_back(std::move(operation));
        }
        named_by_.assign(plan_.operations.size(), nullptr);
        for (auto& operation : plan_.operations) {
            if (auto planned = plan_operation(*operation); !planned) {
                operation->refusal = planned.error();
                operation->write.reset();
            }
        }
        put_in_order();
        return std::move(plan_);
    }

  private:
    [[nodiscard]] std::optional<std::size_t> post_with(std::string_view bulk_id) const {
        const auto found = posts_.find(std::string(bulk_id));
        return found == posts_.end() ? std::nullopt : std::optional(found->second);
    }

    [[nodiscard]] Status plan_operation(PlannedOperation& operation) {
        BulkOperation& sent = *operation.sent;
        // Where it goes is found out even when something else is wrong: the answer names it.
        const Status addressed = address(operation);
        if (sent.error) {
            return fail(*sent.error);
        }
        BASCULE_CHECK(addressed);
        operation.call.emplace(Call{
            operation.request, call_.context, call_.caller,
            http::QueryParameters(operation.request.query), call_.profile});
        BASCULE_CHECK(require_scope(call_.caller, operation.view->write_scope));
        BASCULE_CHECK(link(operation));
        WriteInput input;
        input.method = sent.method;
        input.body = &sent.data;
        input.representation = representation_;
        input.new_id = operation.new_id;
        input.reads_ahead = false;
        BASCULE_TRY(
            operation.write, prepare_write(engine_, *operation.view, *operation.call, input)
        );
        return {};
    }

    /// Makes the operation's own request, with type and target.
    [[nodiscard]] Status address(PlannedOperation& operation) {
        const BulkOperation& sent = *operation.sent;
        const std::string_view whole = relative(sent.path, engine_.base_url());
        const auto question = whole.find('?');
        BASCULE_TRY(Target target, target_of(engine_, whole.substr(0, question)));
        operation.view = target.view;
        operation.request.method = sent.method;
        operation.request.path = whole.substr(0, question);
        operation.request.query =
            question == std::string_view::npos ? "" : whole.substr(question + 1);
        if (!sent.version.empty()) {
            operation.request.headers.emplace_back("if-match", sent.version);
        }
        return sent.method == Method::post ? check_collection(target)
                                           : name_target(operation, std::move(target.id));
    }

    [[nodiscard]] static Status check_collection(const Target& target) {
        if (target.id.empty()) {
            return {};
        }
        return fail(invalid(
            "A POST goes to " + target.view->type->endpoint +
            ", without an id; the server gives it."
        ));
    }

    [[nodiscard]] Status name_target(PlannedOperation& operation, std::string id) {
        if (id.empty()) {
            return fail(invalid(
                "The path needs an id: " + operation.view->type->endpoint +
                "/<id>, or /bulkId:<bulkId> of a POST in this request."
            ));
        }
        if (const auto bulk_id = bulk_reference(id)) {
            const auto post = post_with(*bulk_id);
            if (!post) {
                return fail(invalid(
                    "No POST of this request has the bulkId '" + printable(*bulk_id, 64) + "'."
                ));
            }
            operation.needs.push_back(*post);
            id = plan_.operations[*post]->new_id->to_string();
        }
        operation.request.path_parameters = {std::move(id)};
        return {};
    }

    /// Puts ids in the place of references. What is linked by edges may come later; what a document
    /// holds is checked against its target, so the target comes first.
    [[nodiscard]] Status link(PlannedOperation& operation) {
        auto& found = operation.view->edges.empty() ? operation.needs : operation.names;
        return resolve_references(
            operation.sent->data,
            [&](std::string_view bulk_id) -> std::optional<Uuid> {
                const auto post = post_with(bulk_id);
                if (!post) {
                    return std::nullopt;
                }
                if (std::exchange(named_by_[*post], &operation) != &operation) {
                    found.push_back(*post);
                }
                return plan_.operations[*post]->new_id;
            }
        );
    }

    /// True when every POST that the operation needs has its place before it.
    [[nodiscard]] bool is_ready(std::size_t index, const std::vector<bool>& placed) const {
        const auto& needs = plan_.operations[index]->needs;
        return std::all_of(needs.begin(), needs.end(), [&](std::size_t post) {
            return placed[post];
        });
    }

    void put_in_order() {
        std::vector<bool> placed(plan_.operations.size(), false);
        std::vector<std::size_t> waiting;
        for (std::size_t i = 0; i < plan_.operations.size(); ++i) {
            waiting.push_back(i);
            place_ready(waiting, placed);
        }
        // What needs itself in a circle takes its turn as it was sent, and is refused there.
        plan_.order.insert(plan_.order.end(), waiting.begin(), waiting.end());
    }

    void place_ready(std::vector<std::size_t>& waiting, std::vector<bool>& placed) {
        for (bool moved = true; moved;) {
            const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](std::size_t i) {
                return is_ready(i, placed);
            });
            moved = ready != waiting.end();
            if (moved) {
                placed[*ready] = true;
                plan_.order.push_back(*ready);
                waiting.erase(ready);
            }
        }
    }

    const Engine& engine_;
    const Call& call_;
    PreferredReturn representation_;
    BulkPlan plan_;
    std::unordered_map<std::string, std::size_t> posts_;
    std::vector<const PlannedOperation*> named_by_;  ///< who named a POST last
};

}  // namespace

BulkPlan plan_bulk(
    const Engine& engine, const Call& call, BulkRequest& request, PreferredReturn representation
) {
    return Planner(engine, call, representation).plan(request);
}

}  // namespace bascule::scim

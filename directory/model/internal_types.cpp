#include "directory/model/internal_types.hpp"

#include <string>
#include <utility>

namespace bascule::directory {
namespace {

struct TextOptions {
    bool case_exact = false;
    bool unique = false;
    bool multi_valued = false;
};

AttributeSpec searchable_text(std::string name, TextOptions options) {
    AttributeSpec spec;
    spec.path.name = std::move(name);
    spec.case_exact = options.case_exact;
    spec.searchable = true;
    spec.unique = options.unique;
    spec.multi_valued = options.multi_valued;
    return spec;
}

}  // namespace

void register_internal_types(Registry& registry) {
    registry.add({"Unmapped", false, {}});
    registry.add(
        {"Joined", false, {searchable_text("key", {.case_exact = true, .multi_valued = true})}}
    );
    registry.add(
        {"Token",
         true,
         {searchable_text("hash", {.case_exact = true, .unique = true}),
          searchable_text("oldHash", {.case_exact = true, .unique = true}),
          searchable_text("name", {.unique = true}),
          searchable_text("certificates", {.unique = true, .multi_valued = true}),
          searchable_text("subjects", {.case_exact = true, .unique = true, .multi_valued = true})}}
    );
    registry.add(
        {"Session",
         true,
         {searchable_text("hash", {.case_exact = true, .unique = true}),
          searchable_text("user", {.case_exact = true})}}
    );
    registry.add({"Credential", true, {}});
    registry.add({"IdempotencyKey", true, {}});
    registry.add({"EventStream", true, {searchable_text("name", {.unique = true})}});
    registry.add({"AsyncRequest", true, {}});
}

}  // namespace bascule::directory

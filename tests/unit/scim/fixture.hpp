#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "scim/codec/document.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// The built-in schemas, registered; shared by all tests of the program.
struct Fixture {
    std::unique_ptr<SchemaRegistry> schemas;
    directory::Registry registry;

    Fixture() : schemas(SchemaRegistry::load_builtin().value()) {
        if (!schemas->register_types(registry)) {
            ADD_FAILURE() << "the built-in types do not register";
        }
    }
    [[nodiscard]] const ResourceType& type(std::string_view name) const {
        return *schemas->find_by_name(name);
    }
};

inline const Fixture& fixture() {
    static const Fixture instance;
    return instance;
}

inline nlohmann::ordered_json json_of(std::string_view text) {
    return nlohmann::ordered_json::parse(text);
}

/// "code", or "ok".
template <class T>
std::string code_of(const Result<T>& result) {
    return result ? std::string("ok") : result.error().code;
}

}  // namespace bascule::scim

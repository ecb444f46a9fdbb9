#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/uuid.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::mirror {

/// Calls `visit` for each attribute of a document (extension members are entered; "schemas" and
/// "id" are skipped): path without sub-attribute, raw JSON value.
void each_attribute(
    std::string_view body,
    const std::function<void(const directory::AttributePath&, std::string_view)>& visit
);

/// The stored document of a synced object: schemas, id, then the mapped attributes and those kept
/// beside them, in canonical order. A mapped attribute wins over a kept one of the same name.
/// `mapped` and `kept` are JSON objects with extensions as members; `kept` may be empty.
[[nodiscard]] std::string assemble_document(
    const directory::Registry& registry, directory::TypeId type, const Uuid& id,
    std::string_view mapped, std::string_view kept
);

/// `object` with only the attributes for which `keep` is true; empty text when none is left.
[[nodiscard]] std::string filter_attributes(
    std::string_view object, const std::function<bool(const directory::AttributePath&)>& keep
);

/// Puts the attributes of `added` beside those of `object`; `object` wins. Either may be empty.
[[nodiscard]] std::string join_attributes(std::string_view object, std::string_view added);

/// Attributes that `before` has and `after` lacks.
[[nodiscard]] std::vector<directory::AttributePath> vanished_attributes(
    std::string_view before, std::string_view after
);

/// Attributes whose raw values differ, in the order met.
[[nodiscard]] std::vector<std::string> differing_attributes(
    std::string_view before, std::string_view after
);

}  // namespace bascule::mirror

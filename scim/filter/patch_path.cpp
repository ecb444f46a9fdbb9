// The paths of PATCH operations (RFC 7644 figure 7).
#include <string>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/filter/element_filter.hpp"
#include "scim/filter/filter.hpp"
#include "scim/filter/loose_filter.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {
namespace {

tl::unexpected<Error> invalid_path(const std::string& detail) {
    return fail(ErrorKind::invalid_input, "invalid_path", detail);
}

}  // namespace

Result<PatchPath> compile_path(
    std::string_view text, const SchemaRegistry& schemas, const ResourceType& type,
    const directory::Registry& registry, const FilterDialect& dialect
) {
    const std::string quoted = dialect.loose_literals ? quote_bare_words(text) : std::string();
    BASCULE_TRY(
        const PathSyntax syntax, parse_path(dialect.loose_literals ? quoted : text, FilterLimits{})
    );
    const auto name = schemas.resolve(type, syntax.attribute);
    if (!name) {
        return invalid_path(type.name + " has no attribute " + printable(syntax.attribute) + ".");
    }
    PatchPath path{*name, std::nullopt, std::string(text)};
    if (!syntax.element_filter) {
        return path;
    }
    if (name->attribute == nullptr || name->sub != nullptr || !name->attribute->multi_valued) {
        return invalid_path(
            printable(syntax.attribute) + " has not several values: brackets do not apply to it."
        );
    }
    if (!syntax.sub.empty()) {
        path.name.sub = name->attribute->sub(syntax.sub);
        if (path.name.sub == nullptr) {
            return invalid_path(
                name->attribute->name + " has no sub-attribute " + printable(syntax.sub) + "."
            );
        }
    }
    BASCULE_TRY(
        path.element_filter,
        compile_element_filter(*name, *syntax.element_filter, schemas, type, registry, dialect)
    );
    return path;
}

bool names_unknown_attribute(
    std::string_view text, const SchemaRegistry& schemas, const ResourceType& type
) {
    const auto syntax = parse_path(text, FilterLimits{});
    if (!syntax || syntax->attribute.find("..") != std::string::npos ||
        syntax->attribute.front() == '.' || syntax->attribute.back() == '.') {
        return false;
    }
    const auto name = schemas.resolve(type, syntax->attribute);
    return !name || (name->attribute != nullptr && !syntax->sub.empty() &&
                     name->attribute->sub(syntax->sub) == nullptr);
}

}  // namespace bascule::scim

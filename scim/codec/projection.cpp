#include "scim/codec/projection.hpp"

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool shown_by_default(const Attribute& attribute) {
    return attribute.returned == Returned::by_default || attribute.returned == Returned::always;
}

}  // namespace

Result<Projection> Projection::make(
    const std::vector<std::string>& attributes, const std::vector<std::string>& excluded,
    const SchemaRegistry& schemas, const ResourceType& type
) {
    Projection projection;
    if (!attributes.empty() && !excluded.empty()) {
        return fail(
            ErrorKind::invalid_input, "invalid_value",
            "attributes and excludedAttributes exclude each other: give one of them."
        );
    }
    if (!attributes.empty()) {
        projection.mode_ = Mode::only;
    } else if (!excluded.empty()) {
        projection.mode_ = Mode::without;
    }
    for (const std::string& notation : attributes.empty() ? excluded : attributes) {
        if (const auto name = schemas.resolve(type, trimmed(notation))) {
            projection.names_.push_back(*name);
        }
    }
    return projection;
}

bool Projection::names_whole(const Schema* extension, const Attribute& attribute) const {
    return std::any_of(names_.begin(), names_.end(), [&](const ResolvedName& name) {
        return name.sub == nullptr && (name.attribute == &attribute ||
                                       (name.attribute == nullptr && name.extension == extension));
    });
}

bool Projection::names_part(const Attribute& attribute, const Attribute* sub) const {
    return std::any_of(names_.begin(), names_.end(), [&](const ResolvedName& name) {
        return name.attribute == &attribute && name.sub != nullptr &&
               (sub == nullptr || name.sub == sub);
    });
}

Projection::Extent Projection::extent(const Schema* extension, const Attribute& attribute) const {
    if (attribute.returned == Returned::always) {
        return attribute.partial ? Extent::part : Extent::whole;
    }
    if (attribute.returned == Returned::never) {
        return Extent::none;
    }
    const bool hides_parts =
        attribute.partial || std::any_of(
                                 attribute.sub_attributes.begin(), attribute.sub_attributes.end(),
                                 [](const Attribute& sub) { return !shown_by_default(sub); }
                             );
    const Extent full = hides_parts ? Extent::part : Extent::whole;
    const bool whole = names_whole(extension, attribute);
    const bool part = names_part(attribute, nullptr);
    switch (mode_) {
        case Mode::by_default:
            return shown_by_default(attribute) ? full : Extent::none;
        case Mode::only:
            return whole ? full : part ? Extent::part : Extent::none;
        case Mode::without:
            if (whole || !shown_by_default(attribute)) {
                return Extent::none;
            }
            return part ? Extent::part : full;
    }
    return Extent::none;
}

bool Projection::shows_part(
    const Schema* extension, const Attribute& attribute, const Attribute& sub
) const {
    if (sub.returned == Returned::never || extent(extension, attribute) == Extent::none) {
        return false;
    }
    if (sub.returned == Returned::always || attribute.returned == Returned::always) {
        return true;
    }
    switch (mode_) {
        case Mode::by_default:
            return shown_by_default(sub);
        case Mode::only:
            return names_part(attribute, &sub) ||
                   (shown_by_default(sub) && names_whole(extension, attribute));
        case Mode::without:
            return shown_by_default(sub) && !names_part(attribute, &sub);
    }
    return false;
}

bool Projection::shows(const ResolvedName& name) const {
    if (name.attribute == nullptr) {
        return name.extension != nullptr &&
               std::any_of(
                   name.extension->attributes.begin(), name.extension->attributes.end(),
                   [&](const Attribute& attribute) {
                       return extent(name.extension, attribute) != Extent::none;
                   }
               );
    }
    if (name.sub == nullptr) {
        return extent(name.extension, *name.attribute) != Extent::none;
    }
    return shows_part(name.extension, *name.attribute, *name.sub);
}

}  // namespace bascule::scim

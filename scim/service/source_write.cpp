#include "scim/service/source_write.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "scim/service/source_dn.hpp"

namespace bascule::scim {
namespace {

using directory::Object;
using directory::TypedValue;

constexpr std::string_view phones = "phoneNumbers";

std::vector<TypedValue> typed_values(std::string_view array) {
    std::vector<TypedValue> values;
    if (array.empty()) {
        return values;
    }
    JsonElements elements(array);
    while (const auto element = elements.next()) {
        values.push_back(
            {json_text_member(*element, "type").value_or(""),
             json_text_member(*element, "value").value_or("")}
        );
    }
    return values;
}

/// The document with another value of one member; without it when the value is empty.
std::string with_member(std::string_view body, std::string_view name, std::string_view value) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    JsonMembers members(body);
    bool written = value.empty();
    while (const auto member = members.next()) {
        if (member->key != name) {
            json.key(member->key).raw(member->value);
        } else if (!written) {
            json.key(name).raw(value);
            written = true;
        }
    }
    if (!written) {
        json.key(name).raw(value);
    }
    json.end_object();
    return text;
}

std::vector<TypedValue> of_type(const std::vector<TypedValue>& all, const std::string& type) {
    std::vector<TypedValue> some;
    std::ranges::copy_if(all, std::back_inserter(some), [&](const TypedValue& one) {
        return equals_ignoring_ascii_case(one.type, type);
    });
    return some;
}

}  // namespace

Result<std::string> SourceWrite::settle(
    const authority::Authority& authority, directory::Reader& reader, const Object& before,
    const std::string& wanted
) {
    waits_ = false;
    const auto old_phones = json_member(before.body, phones);
    const auto new_phones = json_member(wanted, phones);
    if (!before.row.is_synced() || old_phones == new_phones) {
        return wanted;
    }
    BASCULE_TRY(
        const auto place,
        authority.place_of_change(engine_.registry, before.row, {{}, std::string(phones), {}})
    );
    if (place == authority::Place::here) {
        return wanted;
    }
    if (result_) {
        return with_member(wanted, phones, *result_);
    }
    if (assumed_) {
        return wanted;
    }
    id_ = before.row.id;
    source_name_ = authority.source_name(before.row.source);
    BASCULE_TRY(dn_, source_dn(reader, before.row));
    old_ = old_phones;
    before_ = typed_values(old_phones);
    after_ = typed_values(new_phones);
    const auto way = engine_.with.write_back == nullptr
                         ? std::nullopt
                         : engine_.with.write_back->find(before.row.source);
    writer_ = way ? way->attributes : nullptr;
    if (writer_ == nullptr) {
        return fail(must_be_alone());
    }
    BASCULE_CHECK(check_types(*writer_));
    waits_ = true;
    return wanted;
}

Status SourceWrite::check_types(const directory::AttributeWriter& writer) const {
    const auto& types = writer.phone_types();
    for (const auto* list : {&before_, &after_}) {
        for (const TypedValue& one : *list) {
            const bool written = std::ranges::any_of(types, [&](const std::string& type) {
                return equals_ignoring_ascii_case(type, one.type);
            });
            if (!written && of_type(before_, one.type) != of_type(after_, one.type)) {
                std::string names;
                for (const auto& type : types) {
                    names += (names.empty() ? "'" : ", '") + type + "'";
                }
                return fail(Error{
                    ErrorKind::conflict,
                    "mutability",
                    "Phone numbers of type '" + printable(one.type, 60) +
                        "' are mastered by source '" + source_name_ + "' (" + printable(dn_, 500) +
                        "); change them there. Of type " + names +
                        " they are written to it from here.",
                    std::string(phones),
                    {},
                    {}});
            }
        }
    }
    return {};
}

Status SourceWrite::write(std::chrono::steady_clock::time_point deadline) {
    if (engine_.with.echoes != nullptr) {
        claim_ = engine_.with.echoes->claim(id_);
    }
    BASCULE_TRY(result_, writer_->write_phones(dn_, before_, after_, deadline));
    waits_ = false;
    if (engine_.with.echoes != nullptr && *result_ != old_) {
        engine_.with.echoes->written(id_, *result_);
    }
    return {};
}

void SourceWrite::assume() {
    assumed_ = true;
    waits_ = false;
}

Error SourceWrite::must_be_alone() const {
    return Error{
        ErrorKind::conflict,
        "mutability",
        "Phone numbers of this user are written to the directory '" + source_name_ +
            "' first, so they cannot be changed together with others in one request; send this "
            "change alone.",
        std::string(phones),
        {},
        {}};
}

}  // namespace bascule::scim

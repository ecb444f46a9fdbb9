#include "scim/service/source_write.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "scim/service/source_dn.hpp"

namespace bascule::scim {
namespace {

using directory::Object;
using directory::ObjectRow;
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

bool gives_phones(const authority::JoinedPart& part) {
    return !part.gives.empty() && !json_member(part.gives, phones).empty();
}

Error unclear(const std::string& sources) {
    return Error{
        ErrorKind::conflict,
        "mutability",
        "Phone numbers of this user can come from several sources (" + sources +
            "), and it is not clear which of them this one belongs to; change it there.",
        std::string(phones),
        {},
        {}};
}

/// What the row of a joined entry holds and gives, with other phone numbers.
Status store_in_part(
    directory::Transaction& transaction, directory::Oid part, std::string_view numbers
) {
    BASCULE_TRY(const auto row, transaction.find(part));
    if (!row) {
        return {};
    }
    const auto renewed = [&](const std::string& text) {
        return with_member(text.empty() ? "{}" : text, phones, numbers);
    };
    return transaction.update(part, renewed(row->body), renewed(row->local), row->row.display)
        .map([](bool) {});
}

}  // namespace

/// Entries of the object whose sources fill phone numbers; the one that shows its own comes first.
Result<std::vector<SourceWrite::Holder>> SourceWrite::holders(
    const authority::Authority& authority, directory::Transaction& transaction,
    const Object& before, const std::vector<authority::JoinedPart>& parts
) const {
    const directory::AttributePath path{{}, std::string(phones), {}};
    std::vector<Holder> all;
    if (!authority.may_write(engine_.registry, before.row, path)) {
        BASCULE_TRY(auto dn, source_dn(transaction, before.row));
        all.push_back({before.row.source, before.row.id, std::move(dn), std::nullopt});
    }
    for (const auto& part : parts) {
        ObjectRow as_mastered = before.row;
        as_mastered.source = part.source;
        if (!authority.may_write(engine_.registry, as_mastered, path)) {
            const auto place = gives_phones(part) ? all.begin() : all.end();
            all.insert(place, {part.source, part.id, part.dn, part.oid});
        }
    }
    return all;
}

Result<std::string> SourceWrite::settle(
    const authority::Authority& authority, directory::Transaction& transaction,
    const Object& before, const std::vector<authority::JoinedPart>& parts, const std::string& wanted
) {
    waits_ = false;
    const auto old_phones = json_member(before.body, phones);
    const auto new_phones = json_member(wanted, phones);
    if (!before.row.is_synced() || old_phones == new_phones || assumed_) {
        return wanted;
    }
    BASCULE_TRY(const auto all, holders(authority, transaction, before, parts));
    if (all.empty()) {
        return wanted;
    }
    const Holder& holder = all.front();
    if (result_) {
        if (holder.part) {
            BASCULE_CHECK(store_in_part(transaction, *holder.part, *result_));
        }
        return with_member(wanted, phones, *result_);
    }
    // With several, only numbers that are there before and after tell whose they are.
    if (all.size() > 1 && (old_phones.empty() || new_phones.empty())) {
        std::string names;
        for (const Holder& one : all) {
            names += (names.empty() ? "'" : ", '") + authority.source_name(one.source) + "'";
        }
        return fail(unclear(names));
    }
    BASCULE_CHECK(prepare(authority, before, holder, new_phones));
    return wanted;
}

Status SourceWrite::prepare(
    const authority::Authority& authority, const Object& before, const Holder& holder,
    std::string_view wanted
) {
    ObjectRow as_mastered = before.row;
    as_mastered.source = holder.source;
    const directory::AttributePath path{{}, std::string(phones), {}};
    if (!authority.writes_back(engine_.registry, as_mastered, path)) {
        return authority.may_write(engine_.registry, as_mastered, path, holder.dn);
    }
    id_ = holder.id;
    source_name_ = authority.source_name(holder.source);
    dn_ = holder.dn;
    old_ = json_member(before.body, phones);
    before_ = typed_values(old_);
    after_ = typed_values(wanted);
    const auto way = engine_.with.write_back == nullptr
                         ? std::nullopt
                         : engine_.with.write_back->find(holder.source);
    writer_ = way ? way->attributes : nullptr;
    if (writer_ == nullptr) {
        return authority.may_write(engine_.registry, as_mastered, path, holder.dn);
    }
    BASCULE_CHECK(check_types(*writer_));
    waits_ = true;
    return {};
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

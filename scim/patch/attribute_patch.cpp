#include "scim/patch/attribute_patch.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "directory/query/evaluator.hpp"
#include "scim/codec/strict_json.hpp"
#include "scim/codec/values.hpp"
#include "scim/patch/quirks.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;
using directory::Filter;

tl::unexpected<Error> failure(
    const char* code, const std::string& path, const std::string& reason
) {
    return tl::unexpected<Error>(Error{
        ErrorKind::invalid_input, code, path + " " + reason, path, {}, {}});
}

/// Fills in what an element must have to meet the filter; false when the filter does not say it
/// plainly.
bool fill_from_filter(const Filter& filter, Json& element) {
    if (filter.kind == Filter::Kind::all_of) {
        return std::all_of(
            filter.children.begin(), filter.children.end(),
            [&](const Filter& child) { return fill_from_filter(child, element); }
        );
    }
    if (filter.kind != Filter::Kind::comparison || filter.op != directory::Operator::eq) {
        return false;
    }
    Json& slot = element[filter.spec.path.sub];
    if (const auto* text = std::get_if<std::string>(&filter.value)) {
        slot = *text;
    } else if (const auto* flag = std::get_if<bool>(&filter.value)) {
        slot = *flag;
    } else if (const auto* whole = std::get_if<std::int64_t>(&filter.value)) {
        slot = *whole;
    } else {
        return false;
    }
    return true;
}

/// Sets the parts that `given` names, and removes those it names as unassigned.
void merge(const Attribute& attribute, const Json& given, const Json& canonical, Json& into) {
    for (const auto& [key, value] : given.items()) {
        const Attribute* sub = attribute.sub(key);
        if (sub != nullptr && is_unassigned(value)) {
            into.erase(sub->name);
        }
    }
    if (canonical.is_object()) {
        for (const auto& [key, value] : canonical.items()) {
            into[key] = value;
        }
    }
}

bool has_true_primary(const Json& element) {
    return element.is_object() && element.contains("primary") && element["primary"] == Json(true);
}

/// Works on one attribute of a document.
class AttributePatch {
  public:
    AttributePatch(
        PatchKind kind, const PatchPath& path, const Json& before, const Json* value,
        const ClientProfile& profile
    )
        : profile_(profile),
          kind_(kind),
          path_(path),
          attribute_(*path.name.attribute),
          sub_(path.name.sub),
          text_(path.name.path().to_string()),
          before_(before),
          value_(value == nullptr ? nothing_ : *value),
          has_value_(value != nullptr) {}

    Result<Json> run() {
        if (path_.element_filter || (sub_ != nullptr && attribute_.multi_valued)) {
            return on_elements();
        }
        if (sub_ != nullptr) {
            return on_part();
        }
        if (kind_ == PatchKind::remove) {
            return removed();
        }
        return attribute_.multi_valued ? on_list() : on_single();
    }

  private:
    [[nodiscard]] Result<Json> canonical(const Json& value) const {
        return canonical_value(attribute_, value, Origin::client, text_);
    }

    /// The elements there are, as a list.
    [[nodiscard]] Json elements() const { return before_.is_array() ? before_ : Json::array(); }

    static Json list_or_null(Json list) { return list.empty() ? Json(nullptr) : list; }

    Result<Json> removed() const {
        if (!has_value_ || !quirks::names_elements(attribute_, &value_)) {
            return Json(nullptr);
        }
        const Json named = value_.is_array() ? value_ : Json::array({value_});
        Json left = Json::array();
        for (const Json& element : elements()) {
            const bool goes = std::any_of(named.begin(), named.end(), [&](const Json& name) {
                return quirks::is_named_by(element, name, attribute_);
            });
            if (!goes) {
                left.push_back(element);
            }
        }
        return list_or_null(std::move(left));
    }

    Result<Json> on_single() const {
        const Json given =
            quirks::wrap_bare_value(attribute_, quirks::unwrap_single(attribute_, value_));
        if (is_unassigned(given)) {
            return Json(nullptr);
        }
        BASCULE_TRY(Json wanted, canonical(given));
        if (attribute_.type != directory::ValueType::complex) {
            return wanted;
        }
        if (kind_ == PatchKind::replace && profile_.complex_replace == ComplexReplace::whole) {
            return wanted;
        }
        // RFC 7644 section 3.5.2.3: sub-attributes that are not named stay.
        Json whole = before_.is_object() ? before_ : Json::object();
        merge(attribute_, given, wanted, whole);
        return whole.empty() ? Json(nullptr) : whole;
    }

    Result<Json> on_part() const {
        Json whole = before_.is_object() ? before_ : Json::object();
        BASCULE_CHECK(set_part(whole));
        return whole.empty() ? Json(nullptr) : whole;
    }

    /// Sets or removes the sub-attribute of the path in one element.
    Status set_part(Json& element) const {
        Json wanted;
        if (kind_ != PatchKind::remove) {
            BASCULE_TRY(
                wanted,
                canonical_value(*sub_, quirks::unwrap_single(*sub_, value_), Origin::client, text_)
            );
        }
        const auto found = element.find(sub_->name);
        const bool was_set = found != element.end();
        if (wanted.is_null() && sub_->required) {
            return failure("mutability", text_, "is required and cannot be removed.");
        }
        if (was_set && sub_->mutability == Mutability::immutable &&
            !same_value(*sub_, *found, wanted)) {
            return failure("mutability", text_, "is immutable.");
        }
        if (wanted.is_null()) {
            element.erase(sub_->name);
        } else if (kind_ == PatchKind::add && sub_->multi_valued && was_set) {
            for (const Json& item : wanted) {
                if (std::find(found->begin(), found->end(), item) == found->end()) {
                    found->push_back(item);
                }
            }
        } else {
            element[sub_->name] = std::move(wanted);
        }
        return {};
    }

    Result<Json> on_list() const {
        if (kind_ == PatchKind::replace) {
            return canonical(value_);
        }
        BASCULE_TRY(const Json added, canonical(value_));
        Json list = elements();
        std::vector<std::size_t> touched;
        for (const Json& element : added) {
            touched.push_back(add_element(list, element));
        }
        BASCULE_CHECK(keep_one_primary(list, touched));
        return list_or_null(std::move(list));
    }

    /// Appends the element, or completes the one with the same value and type; gives its index.
    [[nodiscard]] std::size_t add_element(Json& list, const Json& element) const {
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (is_same_element(list[i], element)) {
                merge(attribute_, Json::object(), element, list[i]);
                return i;
            }
        }
        list.push_back(element);
        return list.size() - 1;
    }

    static bool is_same_element(const Json& left, const Json& right) {
        if (!left.is_object() || !right.is_object() || !left.contains("value") ||
            !right.contains("value")) {
            return left == right;
        }
        return left["value"] == right["value"] &&
               left.value("type", Json(nullptr)) == right.value("type", Json(nullptr));
    }

    Result<Json> on_elements() const {
        Json list = elements();
        std::vector<std::size_t> matched;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (!path_.element_filter ||
                directory::matches_element(*path_.element_filter, to_text(list[i]))) {
                matched.push_back(i);
            }
        }
        const bool removes = kind_ == PatchKind::remove || is_unassigned(value_);
        if (removes) {
            BASCULE_CHECK(check_removal(matched));
            return without(std::move(list), matched);
        }
        if (matched.empty()) {
            BASCULE_TRY(Json made, made_element());
            list.push_back(std::move(made));
            matched.push_back(list.size() - 1);
        }
        for (const std::size_t index : matched) {
            BASCULE_CHECK(change_element(list[index]));
        }
        BASCULE_CHECK(keep_one_primary(list, matched));
        return canonical_value(attribute_, list, Origin::stored, text_);
    }

    [[nodiscard]] Status check_removal(const std::vector<std::size_t>& matched) const {
        if (!matched.empty() || !path_.element_filter || kind_ != PatchKind::remove ||
            profile_.unmatched_remove == Rule::accept) {
            return {};
        }
        return fail(profile_refusal(
            profile_, "unmatched_remove", "no_target", path_.text + " matches no value",
            "remove what is there.", path_.text
        ));
    }

    Result<Json> without(Json list, const std::vector<std::size_t>& matched) const {
        for (auto index = matched.rbegin(); index != matched.rend(); ++index) {
            Json& element = list[*index];
            if (sub_ != nullptr && element.is_object()) {
                if (sub_->required) {
                    return failure("mutability", text_, "is required and cannot be removed.");
                }
                element.erase(sub_->name);
            }
            if (sub_ == nullptr || element.empty()) {
                list.erase(*index);
            }
        }
        return list_or_null(std::move(list));
    }

    /// RFC 7644 section 3.5.2.3: replace needs something that matches. Add makes what its filter
    /// describes.
    [[nodiscard]] Result<Json> made_element() const {
        Json element = Json::object();
        if (!path_.element_filter) {
            return element;
        }
        if (kind_ == PatchKind::replace && profile_.unmatched_replace == UnmatchedReplace::refuse) {
            return fail(profile_refusal(
                profile_, "unmatched_replace", "no_target", path_.text + " matches no value",
                "add it first.", path_.text
            ));
        }
        if (!fill_from_filter(*path_.element_filter, element)) {
            return failure(
                "no_target", path_.text, "matches no value, and does not say which one to make."
            );
        }
        return element;
    }

    Status change_element(Json& element) const {
        if (sub_ != nullptr) {
            if (!element.is_object()) {
                return failure("invalid_value", text_, "is no part of a simple value.");
            }
            return set_part(element);
        }
        BASCULE_TRY(Json wanted, canonical_element(attribute_, value_, Origin::client, text_));
        if (kind_ == PatchKind::replace || !element.is_object()) {
            element = std::move(wanted);
        } else {
            merge(attribute_, value_, wanted, element);
        }
        return {};
    }

    /// RFC 7644 section 3.5.2: a new primary takes the place of the old one.
    Status keep_one_primary(Json& list, const std::vector<std::size_t>& touched) const {
        const auto count = std::count_if(touched.begin(), touched.end(), [&](std::size_t index) {
            return has_true_primary(list[index]);
        });
        if (count > 1) {
            return failure(
                "invalid_value", text_, "would have more than one element with primary true."
            );
        }
        for (std::size_t i = 0; count == 1 && i < list.size(); ++i) {
            if (has_true_primary(list[i]) &&
                std::find(touched.begin(), touched.end(), i) == touched.end()) {
                list[i]["primary"] = false;
            }
        }
        return {};
    }

    const Json nothing_ = nullptr;
    const ClientProfile& profile_;
    PatchKind kind_;
    const PatchPath& path_;
    const Attribute& attribute_;
    const Attribute* sub_;
    std::string text_;
    const Json& before_;
    const Json& value_;
    bool has_value_;
};

/// Immutable values may be set once. Inside a complex value each part has its own rule.
Status check_immutable(const PatchPath& path, const Json& before, const Json& after) {
    const Attribute& attribute = *path.name.attribute;
    if (before.is_null()) {
        return {};
    }
    const std::string text = path.name.path().to_string();
    if (attribute.mutability == Mutability::immutable && !same_value(attribute, before, after)) {
        return failure(
            "mutability", text, "is immutable: it keeps the value that it was created with."
        );
    }
    if (!before.is_object()) {
        return {};
    }
    for (const Attribute& sub : attribute.sub_attributes) {
        const bool kept =
            !before.contains(sub.name) || (after.is_object() && after.contains(sub.name) &&
                                           same_value(sub, before[sub.name], after[sub.name]));
        if (sub.mutability == Mutability::immutable && !kept && !after.is_null()) {
            return failure("mutability", text + "." + sub.name, "is immutable.");
        }
    }
    return {};
}

}  // namespace

Result<Json> patched_value(
    PatchKind kind, const PatchPath& path, const Json& before, const Json* value,
    const ClientProfile& profile
) {
    BASCULE_TRY(Json after, AttributePatch(kind, path, before, value, profile).run());
    BASCULE_CHECK(check_immutable(path, before, after));
    if (after.is_null() && path.name.attribute->required) {
        return failure(
            "mutability", path.name.path().to_string(),
            "is required and cannot be removed or emptied."
        );
    }
    return after;
}

}  // namespace bascule::scim

#include "connectors/ldap/mapping/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

namespace {

using directory::SourceEntry;
using directory::ValueType;

tl::unexpected<Error> invalid_template(std::string_view text, std::string_view what) {
    return fail(
        ErrorKind::invalid_input, "invalid_mapping",
        fmt::format("The template '{}' is not valid: {}.", printable(text), what)
    );
}

std::vector<std::string> folded(const std::vector<std::string>& values) {
    std::vector<std::string> out;
    std::transform(
        values.begin(), values.end(), std::back_inserter(out),
        [](const std::string& value) { return fold_case(value); }
    );
    return out;
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// The text under which a fitting value is written, or nothing.
std::optional<std::string> fit(ValueType type, std::string_view value) {
    switch (type) {
        case ValueType::boolean:
            return apply_transform(Transform::boolean, value);
        case ValueType::integer: {
            std::int64_t number = 0;
            const auto [end, error] =
                std::from_chars(value.data(), value.data() + value.size(), number);
            if (value.empty() || error != std::errc{} || end != value.data() + value.size())
                return std::nullopt;
            return std::to_string(number);
        }
        case ValueType::decimal: {
            double number = 0;
            const auto [end, error] =
                std::from_chars(value.data(), value.data() + value.size(), number);
            if (value.empty() || error != std::errc{} || end != value.data() + value.size())
                return std::nullopt;
            return fmt::format("{}", number);
        }
        case ValueType::date_time: {
            if (auto text = apply_transform(Transform::generalized_time, value))
                return text;
            const Result<Time> time = parse_time(value);
            return time ? std::optional<std::string>(format_time(*time)) : std::nullopt;
        }
        default:
            return std::string(value);
    }
}

const char* name_of(ValueType type) {
    switch (type) {
        case ValueType::boolean:
            return "invalid_boolean";
        case ValueType::integer:
        case ValueType::decimal:
            return "invalid_number";
        case ValueType::date_time:
            return "invalid_time";
        default:
            return "invalid_text";
    }
}

/// Takes one raw value through transform and type.
class ValueSink {
  public:
    ValueSink(
        const Rule& rule, ValueType type, std::vector<std::string>& out,
        std::vector<std::string>& warnings
    )
        : rule_(rule), type_(type), out_(out), warnings_(warnings) {}

    void take(std::string_view attribute, std::string_view raw) {
        if (raw.empty())
            return;
        if (raw.size() > largest_value) {
            warn("value_too_large", attribute, "is larger than 1 MiB");
            return;
        }
        if (type_ == ValueType::binary && rule_.transform == Transform::none) {
            out_.push_back(encode_base64(raw));
            return;
        }
        if (!takes_binary(rule_.transform) && !is_clean_text(raw)) {
            warn("invalid_text", attribute, "is no valid text");
            return;
        }
        if (type_ == ValueType::text && rule_.transform == Transform::none) {
            out_.emplace_back(raw);
            return;
        }
        std::optional<std::string> changed = apply_transform(rule_.transform, raw);
        if (changed)
            changed = fit(type_, *changed);
        if (!changed) {
            warn(name_of(type_), attribute, "does not fit");
        } else if (!changed->empty()) {
            out_.push_back(std::move(*changed));
        }
    }

  private:
    void warn(std::string_view code, std::string_view attribute, std::string_view what) {
        warnings_.push_back(
            fmt::format("{}: a value of {} {} and was left out", code, attribute, what)
        );
    }

    const Rule& rule_;
    ValueType type_;
    std::vector<std::string>& out_;
    std::vector<std::string>& warnings_;
};

std::string run_test(const Rule& rule, const SourceEntry& entry) {
    bool is = rule.is.empty();
    bool is_not = false;
    for (const std::string& attribute : rule.from) {
        const auto& values = entry.values(attribute);
        for (const std::string_view value : values) {
            const std::string text = fold_case(value);
            is = is || contains(rule.is, text);
            is_not = is_not || contains(rule.is_not, text);
        }
        if (!values.empty())
            break;
    }
    const bool result = is && !is_not;
    return result != (rule.transform == Transform::negation) ? "true" : "false";
}

}  // namespace

Result<Template> Template::parse(std::string_view text) {
    Template result;
    std::string literal;
    const auto flush = [&] {
        if (!literal.empty())
            result.pieces_.push_back({std::exchange(literal, {}), false});
    };
    for (std::size_t index = 0; index < text.size(); ++index) {
        const char character = text[index];
        const bool doubled = index + 1 < text.size() && text[index + 1] == character;
        if ((character == '{' || character == '}') && doubled) {
            literal += character;
            ++index;
        } else if (character == '}') {
            return invalid_template(text, "a '}' has no '{'");
        } else if (character == '{') {
            const std::size_t end = text.find('}', index);
            if (end == std::string_view::npos || end == index + 1)
                return invalid_template(text, "a '{' has no attribute and '}'");
            flush();
            result.pieces_.push_back({std::string(text.substr(index + 1, end - index - 1)), true});
            index = end;
        } else {
            literal += character;
        }
    }
    flush();
    return result;
}

std::optional<std::string> Template::expand(const SourceEntry& entry) const {
    std::string out;
    for (const Piece& piece : pieces_) {
        if (!piece.is_attribute) {
            out += piece.text;
            continue;
        }
        const auto& values = entry.values(piece.text);
        if (values.empty())
            return std::nullopt;
        out += *std::ranges::min_element(values);
    }
    return out;
}

std::vector<std::string> Template::attributes() const {
    std::vector<std::string> out;
    for (const Piece& piece : pieces_) {
        if (piece.is_attribute)
            out.push_back(piece.text);
    }
    return out;
}

Result<Rule> compile_rule(const mirror::MappingRule& rule) {
    Rule out;
    out.from = rule.from;
    out.constant = rule.constant;
    out.is = folded(rule.is);
    out.is_not = folded(rule.is_not);
    out.type = rule.type;
    out.written = rule;
    const int sources = (rule.from.empty() ? 0 : 1) + (rule.template_text.empty() ? 0 : 1) +
                        (rule.constant ? 1 : 0);
    if (sources != 1) {
        return fail(
            ErrorKind::invalid_input, "invalid_mapping",
            "A rule takes exactly one of 'from', a template and a constant."
        );
    }
    if (out.is_test() && rule.from.empty()) {
        return fail(
            ErrorKind::invalid_input, "invalid_mapping",
            "'is' and 'is_not' compare an attribute: name it in 'from'."
        );
    }
    if (!rule.template_text.empty()) {
        BASCULE_TRY(out.text, Template::parse(rule.template_text));
    }
    BASCULE_TRY(out.transform, find_transform(rule.transform));
    if (!rule.when.empty()) {
        BASCULE_TRY(out.when, LdapFilter::parse(rule.when));
    }
    return out;
}

std::vector<std::string> values_of(
    const Rule& rule, ValueType type, const SourceEntry& entry, std::vector<std::string>& warnings
) {
    std::vector<std::string> out;
    if (rule.when && !rule.when->matches(entry))
        return out;
    if (rule.is_test())
        return {run_test(rule, entry)};
    ValueSink sink(rule, type, out, warnings);
    if (rule.constant) {
        sink.take("a constant", *rule.constant);
    } else if (rule.text) {
        if (const auto text = rule.text->expand(entry))
            sink.take("a template", *text);
    }
    for (const std::string& attribute : rule.from) {
        const auto& values = entry.values(attribute);
        for (const std::string_view value : values)
            sink.take(attribute, value);
        if (values.empty() && equals_ignoring_ascii_case(attribute, "entryUUID"))
            sink.take(attribute, entry.anchor.to_string());
        if (!out.empty())
            break;
    }
    return out;
}

bool is_clean_text(std::string_view value) {
    const bool controls = std::any_of(value.begin(), value.end(), [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return (byte < 0x20 && character != '\t' && character != '\n' && character != '\r') ||
               byte == 0x7f;
    });
    return !controls && is_valid_utf8(value);
}

}  // namespace bascule::ldap

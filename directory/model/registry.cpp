#include "directory/model/registry.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::directory {
namespace {

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

std::size_t index_of(TypeId type) {
    return static_cast<std::size_t>(type);
}

std::size_t index_of(AttributeId attribute) {
    return static_cast<std::size_t>(attribute);
}

std::string path_key(TypeId type, const AttributePath& path) {
    std::string key = std::to_string(index_of(type));
    for (const std::string& part : {path.extension, path.name, path.sub}) {
        key.push_back('\n');
        key.append(part);
    }
    return key;
}

std::string sixteen_hex_digits(std::uint64_t value) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t i = text.size(); i-- > 0; value >>= 4) {
        text[i] = digits[value & 0x0F];
    }
    return text;
}

template <class Number>
std::optional<Number> parse_number(std::string_view json) {
    Number value{};
    const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
    if (error != std::errc() || end != json.data() + json.size()) {
        return std::nullopt;
    }
    return value;
}

bool is_number(std::string_view json) {
    return !json.empty() && (json.front() == '-' || (json.front() >= '0' && json.front() <= '9'));
}

/// 1e2 and 100.0 are integers too (RFC 8259 has one kind of number).
std::optional<std::string> integer_text(std::string_view json) {
    if (!is_number(json)) {
        return std::nullopt;
    }
    if (const auto whole = parse_number<std::int64_t>(json)) {
        return integer_term(*whole);
    }
    const auto value = parse_number<double>(json);
    constexpr double limit = 9223372036854775808.0;
    if (!value || *value != std::trunc(*value) || *value < -limit || *value >= limit) {
        return std::nullopt;
    }
    return integer_term(static_cast<std::int64_t>(*value));
}

std::optional<std::string> string_text(const AttributeSpec& spec, std::string_view json) {
    if (json.size() < 3 || json.front() != '"') {
        return std::nullopt;
    }
    const bool escaped = json.find('\\') != std::string_view::npos;
    const std::string decoded =
        escaped ? decode_json_string(json) : std::string(json.substr(1, json.size() - 2));
    if (spec.type == ValueType::date_time) {
        const auto time = parse_time(decoded);
        return time ? std::optional(format_time(*time)) : std::nullopt;
    }
    const bool exact = spec.case_exact || spec.type == ValueType::binary;
    return exact ? decoded : fold_case(decoded);
}

/// Calls `use` for the value itself, or for each element when it is an array.
template <class Use>
void each_value(std::string_view json, const Use& use) {
    if (json.empty()) {
        return;
    }
    if (json.front() != '[') {
        use(json);
        return;
    }
    JsonElements elements(json);
    while (const auto element = elements.next()) {
        use(*element);
    }
}

class TermCollector {
  public:
    TermCollector(const Registry& registry, TypeId type)
        : registry_(registry), index_(registry.search_index(type)) {}

    void scan(std::string_view body) {
        const auto core = index_.find(std::string_view());
        JsonMembers members(body);
        while (const auto member = members.next()) {
            if (core != index_.end()) {
                add_member(core->second, *member);
            }
            if (const auto extension = index_.find(member->key); extension != index_.end()) {
                scan_extension(extension->second, member->value);
            }
        }
    }

    std::vector<Term> take() {
        std::sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) {
            return std::tie(a.attribute, a.value) < std::tie(b.attribute, b.value);
        });
        terms_.erase(std::unique(terms_.begin(), terms_.end()), terms_.end());
        return std::move(terms_);
    }

  private:
    using Names = Registry::TextMap<std::vector<AttributeId>>;

    void scan_extension(const Names& names, std::string_view object) {
        JsonMembers members(object);
        while (const auto member = members.next()) {
            add_member(names, *member);
        }
    }

    void add_member(const Names& names, const JsonMembers::Member& member) {
        const auto found = names.find(member.key);
        if (found == names.end()) {
            return;
        }
        each_value(member.value, [&](std::string_view value) {
            for (const AttributeId attribute : found->second) {
                const AttributeSpec& spec = registry_.spec(attribute);
                const bool inside = !spec.path.sub.empty() && value.starts_with('{');
                each_value(inside ? json_member(value, spec.path.sub) : value, [&](auto json) {
                    add(attribute, spec, json);
                });
            }
        });
    }

    void add(AttributeId attribute, const AttributeSpec& spec, std::string_view json) {
        if (auto text = term_value(spec, json)) {
            terms_.push_back(Term{
                attribute, text->size() > term_limit ? term_key(*text) : std::move(*text)});
        }
    }

    const Registry& registry_;
    const Registry::SearchIndex& index_;
    std::vector<Term> terms_;
};

}  // namespace

std::string AttributePath::to_string() const {
    std::string text = extension;
    if (!name.empty()) {
        text += (text.empty() ? "" : ":") + name;
    }
    return sub.empty() ? text : text + "." + sub;
}

EdgeKind own_edge_kind(std::string_view path) {
    // FNV-1a, folded to 20 bits: the number must be the same in every process and version. The
    // thousands between two kinds are for edges that a store puts aside.
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : to_ascii_lower(path)) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    hash ^= hash >> 40;
    hash ^= hash >> 20;
    constexpr std::uint64_t kinds = (std::uint64_t{1} << 20) - 1;
    return static_cast<EdgeKind>(2000 * (hash % kinds + 1));
}

/// One edition of everything that is known.
struct Registry::Tables {
    struct Entry {
        TypeId type;
        AttributeSpec spec;
    };
    std::vector<TypeSpec> types;
    std::vector<std::vector<AttributeId>> by_type;
    std::vector<SearchIndex> search;
    std::vector<Entry> attributes;
    std::unordered_map<std::string, TypeId> type_names;
    std::unordered_map<std::string, AttributeId> paths;

    TypeId add_type(const TypeSpec& spec) {
        const auto type = static_cast<TypeId>(types.size());
        if (!type_names.emplace(spec.name, type).second) {
            throw std::logic_error("object type registered twice: " + spec.name);
        }
        types.push_back(spec);
        by_type.emplace_back();
        search.emplace_back();
        for (const AttributeSpec& attribute : spec.attributes) {
            add_attribute(type, attribute);
        }
        return type;
    }

    void add_attribute(TypeId type, const AttributeSpec& attribute) {
        const auto id = static_cast<AttributeId>(attributes.size());
        if (!paths.emplace(path_key(type, attribute.path), id).second) {
            throw std::logic_error("attribute registered twice: " + attribute.path.to_string());
        }
        attributes.push_back(Entry{type, attribute});
        by_type[index_of(type)].push_back(id);
        if (attribute.searchable) {
            search[index_of(type)][attribute.path.extension][attribute.path.name].push_back(id);
        }
    }

    /// Adds what `spec` has more than the type; `changed` is told what does not fit.
    bool extend_type(TypeId type, const TypeSpec& spec, std::string& changed) {
        std::size_t known = 0;
        std::vector<const AttributeSpec*> fresh;
        for (const AttributeSpec& attribute : spec.attributes) {
            const auto found = paths.find(path_key(type, attribute.path));
            if (found == paths.end()) {
                fresh.push_back(&attribute);
            } else if (attributes[index_of(found->second)].spec == attribute) {
                ++known;
            } else {
                changed = attribute.path.to_string();
            }
        }
        for (const AttributeId id : by_type[index_of(type)]) {
            const AttributePath& path = attributes[index_of(id)].spec.path;
            const bool stays = std::any_of(
                spec.attributes.begin(), spec.attributes.end(),
                [&](const AttributeSpec& attribute) { return attribute.path == path; }
            );
            changed = stays ? changed : path.to_string();
        }
        for (const AttributeSpec* attribute : fresh) {
            add_attribute(type, *attribute);
            types[index_of(type)].attributes.push_back(*attribute);
        }
        return !fresh.empty();
    }
};

Registry::Registry() {
    editions_.push_back(std::make_unique<Tables>());
    now_ = editions_.back().get();
}

Registry::~Registry() = default;

Registry::Registry(Registry&& other) noexcept
    : editions_(std::move(other.editions_)), now_(other.now_.load()) {}

Registry& Registry::operator=(Registry&& other) noexcept {
    editions_ = std::move(other.editions_);
    now_ = other.now_.load();
    return *this;
}

TypeId Registry::add(TypeSpec spec) {
    return editions_.back()->add_type(spec);
}

Result<bool> Registry::extend(std::span<const TypeSpec> specs) {
    auto next = std::make_unique<Tables>(tables());
    bool added = false;
    for (const TypeSpec& spec : specs) {
        const auto type = next->type_names.find(spec.name);
        if (type == next->type_names.end()) {
            next->add_type(spec);
            added = true;
            continue;
        }
        std::string changed;
        added = next->extend_type(type->second, spec, changed) || added;
        if (!changed.empty()) {
            return fail(Error{
                ErrorKind::conflict,
                "schema_changed",
                "The attribute " + changed + " of " + spec.name +
                    " is missing or declared differently than when the service started.",
                changed,
                {}});
        }
    }
    if (added) {
        now_.store(next.get(), std::memory_order_release);
        editions_.push_back(std::move(next));
    }
    return added;
}

void Registry::withdraw() {
    // The edition stays for who may be looking at it; the next one starts from the former.
    if (editions_.size() > 1) {
        auto former = std::make_unique<Tables>(*editions_[editions_.size() - 2]);
        now_.store(former.get(), std::memory_order_release);
        editions_.push_back(std::move(former));
    }
}

std::size_t Registry::type_count() const {
    return tables().types.size();
}

std::optional<TypeId> Registry::find_type(std::string_view name) const {
    const Tables& known = tables();
    const auto found = known.type_names.find(std::string(name));
    return found == known.type_names.end() ? std::nullopt : std::optional(found->second);
}

TypeId Registry::type(std::string_view name) const {
    if (const auto type = find_type(name)) {
        return *type;
    }
    throw std::logic_error("object type is not registered: " + std::string(name));
}

const TypeSpec& Registry::spec(TypeId type) const {
    return tables().types.at(index_of(type));
}

std::optional<AttributeId> Registry::find_attribute(TypeId type, const AttributePath& path) const {
    const Tables& known = tables();
    const auto found = known.paths.find(path_key(type, path));
    return found == known.paths.end() ? std::nullopt : std::optional(found->second);
}

const AttributeSpec& Registry::spec(AttributeId attribute) const {
    return tables().attributes.at(index_of(attribute)).spec;
}

TypeId Registry::type_of(AttributeId attribute) const {
    return tables().attributes.at(index_of(attribute)).type;
}

const std::vector<AttributeId>& Registry::attributes(TypeId type) const {
    return tables().by_type.at(index_of(type));
}

const Registry::SearchIndex& Registry::search_index(TypeId type) const {
    return tables().search.at(index_of(type));
}

std::string integer_term(std::int64_t value) {
    return sixteen_hex_digits(static_cast<std::uint64_t>(value) ^ sign_bit);
}

std::string decimal_term(double value) {
    // Minus zero equals zero and must not get a term of its own.
    const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
    return sixteen_hex_digits((bits & sign_bit) != 0 ? ~bits : bits ^ sign_bit);
}

std::optional<std::string> term_value(const AttributeSpec& spec, std::string_view json) {
    if (json.starts_with('{')) {
        json = json_member(json, "value");
    }
    switch (spec.type) {
        case ValueType::boolean:
            return json == "true" || json == "false" ? std::optional(std::string(json))
                                                     : std::nullopt;
        case ValueType::integer:
            return integer_text(json);
        case ValueType::decimal: {
            const auto value = is_number(json) ? parse_number<double>(json) : std::nullopt;
            return value ? std::optional(decimal_term(*value)) : std::nullopt;
        }
        case ValueType::text:
        case ValueType::date_time:
        case ValueType::binary:
        case ValueType::reference:
        case ValueType::complex:
            return string_text(spec, json);
    }
    return std::nullopt;
}

std::string term_key(std::string_view compared) {
    if (compared.size() <= term_limit) {
        return std::string(compared);
    }
    std::size_t end = term_limit;
    while (end > term_limit - 4 && (static_cast<unsigned char>(compared[end]) & 0xC0) == 0x80) {
        --end;
    }
    return std::string(compared.substr(0, end));
}

bool may_be_cut(std::string_view key) {
    return key.size() > term_limit - 4;
}

std::vector<Term> terms_of(const Registry& registry, TypeId type, std::string_view body) {
    TermCollector collector(registry, type);
    collector.scan(body);
    return collector.take();
}

}  // namespace bascule::directory

#include "connectors/ldap/mapping/scoped_mapper.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/dn.hpp"

namespace bascule::ldap {

namespace {

Result<std::string> key_below(
    const std::string& base_key, const std::string& base, const std::string& dn, std::string field
) {
    auto key = dn_key(dn);
    std::string problem;
    if (!key) {
        problem = fmt::format("'{}' is no DN", dn);
    } else if (!key->starts_with(base_key)) {
        problem = fmt::format(
            "'{}' does not lie below base '{}', which is what is read; make it a second source", dn,
            base
        );
    } else {
        return key;
    }
    return fail(Error{
        ErrorKind::invalid_input, "invalid_base", std::move(problem), std::move(field), {}, {}});
}

Result<Bases> keys_of(const std::string& base, const Bases& bases) {
    BASCULE_TRY(const std::string base_key, dn_key(base));
    Bases keys;
    const auto read = [&](const std::vector<std::string>& names, const char* option,
                          std::vector<std::string>& out) -> Status {
        for (std::size_t index = 0; index < names.size(); ++index) {
            BASCULE_TRY(
                auto key,
                key_below(base_key, base, names[index], fmt::format("{}[{}]", option, index))
            );
            out.push_back(std::move(key));
        }
        return {};
    };
    BASCULE_CHECK(read(bases.bases, "bases", keys.bases));
    BASCULE_CHECK(read(bases.exclude, "exclude", keys.exclude));
    if (!bases.users.empty()) {
        BASCULE_TRY(keys.users, key_below(base_key, base, bases.users, "users.base"));
    }
    if (!bases.groups.empty()) {
        BASCULE_TRY(keys.groups, key_below(base_key, base, bases.groups, "groups.base"));
    }
    return keys;
}

bool is_below_any(std::string_view dn_key, const std::vector<std::string>& tops) {
    return std::ranges::any_of(tops, [&](const auto& top) { return dn_key.starts_with(top); });
}

directory::MappedEntry outside(std::string where) {
    directory::MappedEntry out;
    out.state = directory::EntryState::unmatched;
    out.reason = "out_of_base: " + std::move(where);
    return out;
}

}  // namespace

ScopedMapper::ScopedMapper(
    const directory::EntryMapper& inner, Bases keys, Bases names,
    const directory::Registry& registry
)
    : inner_(inner),
      keys_(std::move(keys)),
      names_(std::move(names)),
      user_(registry.type("User")) {}

Status ScopedMapper::check(const std::string& base, const Bases& bases) {
    return keys_of(base, bases).map([](const Bases&) {});
}

Result<std::unique_ptr<ScopedMapper>> ScopedMapper::make(
    const directory::EntryMapper& inner, const std::string& base, const Bases& bases,
    const directory::Registry& registry
) {
    BASCULE_TRY(Bases keys, keys_of(base, bases));
    return std::unique_ptr<ScopedMapper>(new ScopedMapper(inner, std::move(keys), bases, registry));
}

bool ScopedMapper::is_inside(std::string_view dn_key) const {
    return (keys_.bases.empty() || is_below_any(dn_key, keys_.bases)) &&
           !is_below_any(dn_key, keys_.exclude);
}

unsigned ScopedMapper::area(std::string_view dn_key) const {
    if (!is_inside(dn_key)) {
        return 1;
    }
    const unsigned users = dn_key.starts_with(keys_.users) ? 2 : 0;
    const unsigned groups = dn_key.starts_with(keys_.groups) ? 4 : 0;
    return users + groups;
}

directory::MappedEntry ScopedMapper::map(const directory::SourceEntry& entry) const {
    if (is_below_any(entry.dn_key, keys_.exclude)) {
        return outside("it lies below what is excluded");
    }
    if (!is_inside(entry.dn_key)) {
        return outside("it lies outside the bases of the source");
    }
    directory::MappedEntry mapped = inner_.map(entry);
    if (mapped.state == directory::EntryState::unmatched) {
        return mapped;
    }
    const bool is_user = mapped.type == user_;
    const std::string& top = is_user ? keys_.users : keys_.groups;
    if (!entry.dn_key.starts_with(top)) {
        return outside(fmt::format(
            "it is a {} and does not stand below {}", is_user ? "user" : "group",
            is_user ? names_.users : names_.groups
        ));
    }
    return mapped;
}

std::string ScopedMapper::fingerprint() const {
    if (keys_.bases.empty() && keys_.exclude.empty() && keys_.users.empty() &&
        keys_.groups.empty()) {
        return inner_.fingerprint();
    }
    return fmt::format(
        "{}|bases {}|exclude {}|users {}|groups {}", inner_.fingerprint(),
        fmt::join(keys_.bases, " "), fmt::join(keys_.exclude, " "), keys_.users, keys_.groups
    );
}

}  // namespace bascule::ldap

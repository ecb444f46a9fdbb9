#pragma once

#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/options.hpp"

/// How options are declared; for the files that hold the table.
namespace bascule::config::table {

/// Values as YAML; nothing for what is not set, the origin for secrets.
std::string show(const std::string& value);
std::string show(bool value);
std::string show(std::uint32_t value);
std::string show(double value);
std::string show(Duration value);
std::string show(std::uint64_t value);
std::string show(const HostPort& value);
std::string show(const SecretSetting& value);
std::string show(const std::vector<std::string>& values);
std::string show(const std::vector<mirror::MappingRule>& rules);
std::string show(const std::vector<ResourceTypeSetting>& types);
std::string show(const std::vector<TypeExtensionsSetting>& extensions);
std::string show(const std::vector<ProfileSetting>& profiles);

/// The struct an option lives in.
template <class Owner, class AnyTarget>
auto& owner_of(AnyTarget target) {
    if constexpr (std::is_same_v<Owner, Settings>) {
        return *target.settings;
    } else if constexpr (std::is_same_v<AnyTarget, Target>) {
        return *std::get<Owner*>(target.element);
    } else {
        return *std::get<const Owner*>(target.element);
    }
}

/// Declares an option; `field` takes the owner and returns the member.
template <class Owner, class Field>
Option option(std::string path, Kind kind, Field field, OptionText text) {
    Option made{std::move(text)};
    made.path = std::move(path);
    made.kind = kind;
    made.assign = [field](Target target, Value value) {
        auto& member = field(owner_of<Owner>(target));
        member = std::get<std::decay_t<decltype(member)>>(std::move(value));
    };
    made.show = [field](ConstTarget target) { return show(field(owner_of<Owner>(target))); };
    return made;
}

/// Declares an option with a closed set of words, one for each value of an enumeration.
template <class Owner, class Enum, std::size_t Count, class Field>
Option choice(
    std::string path, std::array<std::pair<const char*, Enum>, Count> words, Field field,
    OptionText text
) {
    Option made{std::move(text)};
    made.path = std::move(path);
    made.kind = Kind::choice;
    for (const auto& word : words) {
        made.choices.emplace_back(word.first);
    }
    made.assign = [field, words](Target target, Value value) {
        for (const auto& [word, number] : words) {
            if (std::get<std::string>(value) == word) {
                field(owner_of<Owner>(target)) = number;
            }
        }
    };
    made.show = [field, words](ConstTarget target) {
        for (const auto& [word, number] : words) {
            if (field(owner_of<Owner>(target)) == number) {
                return std::string(word);
            }
        }
        return std::string();
    };
    return made;
}

template <class Enum, std::size_t Count>
using Words = std::array<std::pair<const char*, Enum>, Count>;

/// The options of one directory under `sources`.
[[nodiscard]] std::vector<Option> source_options();

/// The options of one element of `scim.rate_classes` and of `sign_on.issuers`.
[[nodiscard]] std::vector<Option> rate_class_options();
[[nodiscard]] std::vector<Option> issuer_options();

}  // namespace bascule::config::table

// Names a member for the declarations below: a pointer to member cannot reach into nested structs.
#define BASCULE_FIELD(member)  \
    [](auto& owner) -> auto& { \
        return owner.member;   \
    }

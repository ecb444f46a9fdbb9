#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace bascule::config {

enum class Kind {
    text,
    name,  ///< lower-case word: names a thing in logs, metrics and commands
    flag,
    count,
    percent,
    duration,
    size,
    address,  ///< host:port
    url,      ///< one of the schemes in `choices`
    url_list,
    path,  ///< absolute
    dn,
    filter,  ///< LDAP filter
    choice,  ///< one of `choices`
    secret,  ///< { file: }, { env: }, { credential: } or, with a warning, the text itself
    text_list,
    network_list,     ///< addresses and CIDR networks
    mapping,          ///< SCIM attribute to rule
    path_list,        ///< absolute paths
    resource_types,   ///< SCIM resource types of the operator
    type_extensions,  ///< resource type to further schemas
    profiles,         ///< name to switches of a client profile
};

enum class Apply { reload, restart };

using Value = std::variant<
    std::string, bool, std::uint32_t, double, Duration, std::uint64_t, HostPort, SecretSetting,
    std::vector<std::string>, std::vector<mirror::MappingRule>, std::vector<ResourceTypeSetting>,
    std::vector<TypeExtensionsSetting>, std::vector<ProfileSetting>>;

/// Where a value goes; `element` is set for options of a list's elements, of the kind that the
/// option's list has.
struct Target {
    Settings* settings = nullptr;
    std::variant<std::monostate, SourceSettings*, RateClassSettings*, IssuerSettings*> element = {};
};
struct ConstTarget {
    const Settings* settings = nullptr;
    std::variant<
        std::monostate, const SourceSettings*, const RateClassSettings*, const IssuerSettings*>
        element = {};
};

/// What is declared of an option, once. The parser, the check, the default file, the JSON Schema
/// and the reference page are made from it.
struct OptionText {
    std::string default_value = {};  ///< YAML; empty when there is none
    std::string help = {};           ///< one sentence
    std::string example = {};        ///< YAML; for options without a default
    Apply apply = Apply::reload;
    bool required = false;
    std::uint64_t minimum = 0;  ///< of count and size; of duration in milliseconds
    std::uint64_t maximum = UINT64_MAX;
    std::vector<std::string> choices = {};
    std::string since = "0.1";
};

struct Option : OptionText {
    std::string path = {};  ///< "server.tls.key", "sources[].base"
    Kind kind = Kind::text;
    std::function<void(Target, Value)> assign = {};
    std::function<std::string(ConstTarget)> show = {};  ///< YAML; secrets as their origin

    [[nodiscard]] bool of_list() const { return path.find("[].") != std::string::npos; }
    [[nodiscard]] bool secret() const { return kind == Kind::secret; }
};

/// All options in the order of the default file.
[[nodiscard]] const std::vector<Option>& options();

/// What a section is for, one sentence; empty when there is no more to say than the options do.
[[nodiscard]] std::string_view section_help(std::string_view path);

/// The kind and constraint in words: "a number from 0 to 100".
[[nodiscard]] std::string expectation(const Option& option);

/// YAML text of values.
[[nodiscard]] std::string yaml_text(std::string_view text);
[[nodiscard]] std::string yaml_text(const std::vector<std::string>& values);
[[nodiscard]] std::string yaml_text(const mirror::MappingRule& rule);
[[nodiscard]] std::string yaml_text(const ProfileSetting& profile);

}  // namespace bascule::config

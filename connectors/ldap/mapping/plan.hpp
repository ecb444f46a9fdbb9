#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/mapping/rule.hpp"
#include "directory/mirror/mapping_rules.hpp"
#include "directory/model/object.hpp"
#include "directory/model/registry.hpp"

namespace bascule::ldap {

/// A place for one value: the attribute itself (`sub` empty) or one of its sub-attributes.
struct Leaf {
    std::string sub;
    directory::ValueType type = directory::ValueType::text;
    std::vector<Rule> rules;  ///< of a single value, the first that gives one counts
};

/// One attribute of the document with the rules that fill it.
struct AttributePlan {
    directory::AttributePath path;  ///< without sub
    bool multi_valued = false;
    bool complex = false;
    bool required = false;
    bool marks_primary = false;
    std::vector<Leaf> leaves;  ///< in the order of the schema
};

/// References that become edges.
struct ReferencePlan {
    directory::EdgeKind kind = directory::EdgeKind::member;
    std::vector<Rule> rules;
};

/// One object kind, ready to run.
struct KindPlan {
    directory::TypeId type{};
    LdapFilter filter;
    std::vector<AttributePlan> attributes;  ///< in canonical order, extensions last
    std::vector<ReferencePlan> references;
};

/// Compiles one kind; errors as Mapper::compile.
[[nodiscard]] Result<KindPlan> compile_kind(
    const mirror::KindMapping& mapping, std::string_view type_name,
    const directory::Registry& registry
);

/// Everything that is wrong with one kind, as compile_kind would tell it one by one.
[[nodiscard]] std::vector<Error> faults_of_kind(
    const mirror::KindMapping& mapping, std::string_view type_name,
    const directory::Registry& registry
);

/// The enterprise user extension (RFC 7643 section 4.3), home of `manager`.
inline constexpr std::string_view enterprise_extension =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

}  // namespace bascule::ldap

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bascule::mirror {

/// One line of a `map`: how one attribute of an object is made from an entry. Exactly one of
/// `from`, `template_text` and `constant` gives the value; a rule with none of them removes a
/// default rule.
struct MappingRule {
    std::string target;  ///< SCIM path: "userName", "name.givenName", "emails[work]", URN paths
    std::vector<std::string> from;  ///< LDAP attributes; the first one with a value counts
    std::string template_text;      ///< "{givenName} ({departmentNumber})"
    std::optional<std::string> constant;
    std::string type;                 ///< canonical type of the element made ("work"), may be empty
    std::string transform;            ///< name of a transform, may be empty
    std::vector<std::string> is;      ///< the value is true when it is one of these (no case)
    std::vector<std::string> is_not;  ///< the value is true when it is none of these (no case)
    std::string when;                 ///< LDAP filter that an entry must meet for the rule to count
    int line = 0;                     ///< of the configuration file, from 1; 0 for built-in rules
    int column = 0;
};

/// One object kind of a source: which entries it takes and how they are mapped.
struct KindMapping {
    std::string filter;              ///< LDAP filter; empty takes the dialect's default
    std::vector<MappingRule> rules;  ///< on top of the dialect's defaults, in file order
};

}  // namespace bascule::mirror

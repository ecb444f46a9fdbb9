#include "connectors/ldap/mapping/ldap_filter.hpp"

#include "connectors/ldap/mapping/filter_evaluation.hpp"
#include "connectors/ldap/mapping/filter_explanation.hpp"
#include "connectors/ldap/mapping/filter_parser.hpp"
#include "connectors/ldap/mapping/filter_printer.hpp"

namespace bascule::ldap {

Result<LdapFilter> LdapFilter::parse(std::string_view text) {
    BASCULE_TRY(FilterNode root, parse_filter(text));
    return LdapFilter(std::move(root));
}

bool LdapFilter::matches(const directory::SourceEntry& entry) const {
    return evaluate(root_, entry) == Truth::yes;
}

std::string LdapFilter::explain(const directory::SourceEntry& entry) const {
    return explain_mismatch(root_, entry);
}

std::string LdapFilter::to_string() const {
    return print_filter(root_);
}

}  // namespace bascule::ldap

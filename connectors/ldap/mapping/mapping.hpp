#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/mirror/mapping_rules.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::ldap {

/// Which entries of a source become users and groups, and how. Empty filters and missing rules take
/// the defaults of the directory's dialect, so that an empty Mapping works on an ordinary one.
struct Mapping {
    mirror::KindMapping users;
    mirror::KindMapping groups;
};

/// For OpenLDAP: users are (objectClass=inetOrgPerson), groups are
/// (|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)).
[[nodiscard]] const Mapping& default_mapping();

/// A rule that takes the values of these attributes; `type` is that of the elements made.
[[nodiscard]] mirror::MappingRule rule_from(
    std::string target, std::vector<std::string> attributes, std::string type = {}
);

/// The defaults with the configured rules on top: a configured rule replaces every default rule of
/// the same attribute (and type, when it names one); a rule without a source removes them.
[[nodiscard]] mirror::KindMapping with_defaults(
    const mirror::KindMapping& configured, const mirror::KindMapping& defaults
);

/// Everything for which Mapper::compile would refuse the mapping, in the order of the rules. A
/// filter's error has no `field` and no `context`.
struct MappingFaults {
    std::vector<Error> users;
    std::vector<Error> groups;
};
[[nodiscard]] MappingFaults find_faults(
    const Mapping& mapping, const directory::Registry& registry,
    const Mapping& defaults = default_mapping()
);

/// A mapping made ready to run: names resolved, filters and templates parsed. Immutable,
/// thread-safe.
///
/// Documents come out in one pass in the canonical order (that of the registry), so that equal
/// entries give equal text. A value that is no valid text is left out with a warning; when that
/// leaves `userName` of a user or `displayName` of a group without a value, the entry is
/// quarantined. Of several values for a single-valued attribute the lowest in byte order is taken,
/// because LDAP values have no order.
class Mapper final : public directory::EntryMapper {
  public:
    /// `unknown_attribute`, `unknown_transform`, `invalid_filter`, `invalid_mapping`; `field` is
    /// the target, `context` is "line:column" of the rule.
    [[nodiscard]] static Result<std::unique_ptr<Mapper>> compile(
        const Mapping& mapping, const directory::Registry& registry,
        const Mapping& defaults = default_mapping()
    );
    ~Mapper() override;

    [[nodiscard]] directory::MappedEntry map(const directory::SourceEntry& entry) const override;
    [[nodiscard]] bool fills(directory::TypeId type, const directory::AttributePath& path)
        const override;
    [[nodiscard]] std::vector<directory::RuleTrace> trace(
        directory::TypeId type, const directory::AttributePath& path,
        const directory::SourceEntry* entry
    ) const override;
    [[nodiscard]] const std::vector<std::string>& member_attributes() const override;
    [[nodiscard]] std::string fingerprint() const override;

    /// LDAP attributes that rules and filters read, for the feed's request. Sorted, without
    /// duplicates.
    [[nodiscard]] const std::vector<std::string>& wanted_attributes() const;
    /// Everything that rules take members of groups from, as configured.
    [[nodiscard]] const std::vector<std::string>& member_sources() const;
    /// Tells whether an entry becomes a group; attributes of member_attributes() need not be there.
    /// It outlives the mapper.
    [[nodiscard]] std::function<bool(const directory::SourceEntry&)> group_test() const;
    /// A filter that admits what either kind takes.
    [[nodiscard]] std::string combined_filter() const;

  private:
    struct Plan;
    explicit Mapper(std::unique_ptr<Plan> plan);
    std::unique_ptr<Plan> plan_;
};

}  // namespace bascule::ldap

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "directory/ports/entry_areas.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::ldap {

/// Which parts of the subtree that is read are mirrored; DNs as configured. Empty: all of it.
struct Bases {
    std::vector<std::string> bases;
    std::vector<std::string> exclude;
    std::string users;   ///< users stand below this one
    std::string groups;  ///< groups stand below this one
};

/// Maps entries inside the bases by another mapper; those outside match nothing, with a reason that
/// begins with "out_of_base". Thread-safe, when the other one is.
class ScopedMapper final : public directory::EntryMapper, public directory::EntryAreas {
  public:
    /// `inner` outlives it. `invalid_input`/"invalid_base" (field = "bases[1]", "users.base") for a
    /// DN that is none, or does not lie below `base`, the subtree that is read.
    [[nodiscard]] static Result<std::unique_ptr<ScopedMapper>> make(
        const directory::EntryMapper& inner, const std::string& base, const Bases& bases,
        const directory::Registry& registry
    );
    /// Only the errors of make().
    [[nodiscard]] static Status check(const std::string& base, const Bases& bases);

    [[nodiscard]] directory::MappedEntry map(const directory::SourceEntry& entry) const override;
    [[nodiscard]] bool fills(directory::TypeId type, const directory::AttributePath& path)
        const override {
        return inner_.fills(type, path);
    }
    [[nodiscard]] std::vector<directory::RuleTrace> trace(
        directory::TypeId type, const directory::AttributePath& path,
        const directory::SourceEntry* entry
    ) const override {
        return inner_.trace(type, path, entry);
    }
    [[nodiscard]] const std::vector<std::string>& member_attributes() const override {
        return inner_.member_attributes();
    }
    [[nodiscard]] unsigned area(std::string_view dn_key) const override;
    [[nodiscard]] std::string fingerprint() const override;

  private:
    ScopedMapper(
        const directory::EntryMapper& inner, Bases keys, Bases names,
        const directory::Registry& registry
    );
    [[nodiscard]] bool is_inside(std::string_view dn_key) const;

    const directory::EntryMapper& inner_;
    Bases keys_;   ///< normal forms
    Bases names_;  ///< as configured
    directory::TypeId user_;
};

}  // namespace bascule::ldap

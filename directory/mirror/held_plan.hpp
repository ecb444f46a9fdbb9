#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "directory/base/uuid.hpp"

namespace bascule::mirror {

/// Removals that wait for a person's yes. Everything else of the source flows on meanwhile.
struct HeldPlan {
    std::string since;         ///< RFC 3339, of the first removal held
    std::set<Uuid> deletes;    ///< anchors of entries that are gone at the source
    std::set<Uuid> unmatched;  ///< anchors of entries that exist and match no filter any more
    std::map<Uuid, std::set<Uuid>> memberships;  ///< group id -> ids of members that would leave
    std::map<std::string, std::set<Uuid>>
        attributes;  ///< attribute -> ids of objects that would lose it

    /// By which limits these are held, and what had gone by then; no part of the name.
    struct Judged {
        std::string limits;                   ///< RemovalGuard::limits_text(); empty: not known
        std::size_t objects = 0;              ///< within the guard's window, like the others
        std::map<Uuid, std::size_t> members;  ///< by group
        std::map<std::string, std::size_t> attributes;  ///< by name
        bool operator==(const Judged&) const = default;
    };
    Judged judged = {};

    bool operator==(const HeldPlan&) const = default;
    [[nodiscard]] bool empty() const;
    /// How many single removals wait.
    [[nodiscard]] std::size_t size() const;
    /// Forgets that this entry was to go: it came back.
    void forget_entry(const Uuid& anchor);

    /// Names exactly this set of removals; 32 hexadecimal digits.
    [[nodiscard]] std::string hash() const;
    /// Empty text for an empty plan.
    [[nodiscard]] std::string to_json() const;
    /// Reads what to_json wrote.
    [[nodiscard]] static HeldPlan parse(std::string_view json);
};

}  // namespace bascule::mirror

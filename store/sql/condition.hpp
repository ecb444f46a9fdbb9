#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/sql/sql_text.hpp"

namespace bascule::store {

/// Stands in a probe for the oid that is tested.
inline constexpr char oid_placeholder = '\x01';

/// A part of a filter as SQL, in the two forms it may take in a plan. Both select at least what the
/// filter selects.
struct Condition {
    enum class Truth { varies, always, never };
    Truth truth = Truth::varies;

    Sql source;  ///< SELECT … AS oid, each oid once; empty when the condition cannot drive
    Sql sample;  ///< like source for counting, may repeat an oid; empty means source
    Sql probe;   ///< an expression over oid_placeholder; empty means true

    bool source_exact = true;
    bool probe_exact = true;
    /// The source reads all values of an attribute, so that counting it costs what using it does.
    bool reads_all = false;
    bool costly_probe = false;  ///< builds a set: not for a handful of candidates
    std::optional<std::uint64_t> rows;
    std::optional<std::uint64_t> total;  ///< how many the source selects, where that is kept
    std::string label;

    static Condition always() { return of(Truth::always, "everything"); }
    static Condition never() { return of(Truth::never, "nothing"); }
    /// No index helps: all pass, the document decides.
    static Condition document(std::string label) {
        Condition condition = of(Truth::always, std::move(label));
        condition.source_exact = condition.probe_exact = false;
        return condition;
    }
    static Condition of(Truth truth, std::string label) {
        Condition condition;
        condition.truth = truth;
        condition.label = std::move(label);
        return condition;
    }
    [[nodiscard]] bool drives() const { return !source.empty(); }
};

}  // namespace bascule::store

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/plan/difference_file.hpp"
#include "daemon/plan/figures.hpp"
#include "daemon/plan/rule_names.hpp"
#include "directory/base/json_text.hpp"
#include "store/sqlite/object_difference.hpp"

namespace bascule::daemon {

/// Turns differences between two states of a store into lines and figures.
class DifferenceTeller {
  public:
    /// `figures` by the number of the source, which is made when it is missing; kept here. Objects
    /// that are mastered here differ by their members only.
    DifferenceTeller(
        store::ReferenceDifferences& references, DifferenceFile& out, const RuleNames& rules,
        std::map<directory::SourceId, SourceFigures>& figures
    );

    [[nodiscard]] Status tell(const store::ObjectDifference& one);

  private:
    [[nodiscard]] Status tell_object(const store::ObjectDifference& one, std::string_view change);
    [[nodiscard]] Status tell_quarantined(const store::ObjectDifference& one);
    [[nodiscard]] Status tell_members(const store::ObjectDifference& one);
    void count(const store::ObjectDifference& one, std::string_view change);
    [[nodiscard]] Result<bool> write_attributes(
        JsonWriter& json, const store::ObjectDifference& one, std::string_view change
    );
    [[nodiscard]] Result<bool> write_manager(
        JsonWriter& json, const store::ObjectDifference& one, std::string_view change
    );
    void write_attribute(
        JsonWriter& json, const store::ObjectDifference& one, std::string_view change,
        const directory::AttributePath& path, std::string_view before, std::string_view after
    );
    /// Why an object comes or goes, in words; empty when that needs none.
    [[nodiscard]] Result<std::string> cause_of(
        const store::ObjectDifference& one, std::string_view change
    );
    /// The object that an entry is a part of now, or was, in words.
    [[nodiscard]] Result<std::string> whole_of(const store::ObjectDifference& one, bool now);
    [[nodiscard]] Status note_givers(const store::ObjectDifference& one);
    [[nodiscard]] const std::string& giver_of(
        const store::ObjectDifference& one, const directory::AttributePath& path, bool now
    );
    void begin(JsonWriter& json, const store::ObjectDifference& one, std::string_view change);
    [[nodiscard]] SourceFigures& figures_of(const store::ObjectDifference& one);
    [[nodiscard]] KindFigures& kind_of(const store::ObjectDifference& one);

    store::ReferenceDifferences& references_;
    DifferenceFile& out_;
    const RuleNames& rules_;
    std::map<directory::SourceId, SourceFigures>& figures_;
    /// Of the object that is being told: attributes that other sources gave it, or give.
    using Givers = std::vector<std::pair<directory::AttributePath, std::string>>;
    Givers givers_before_;
    Givers givers_after_;
};

}  // namespace bascule::daemon

#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "directory/model/object.hpp"

namespace bascule::mirror {

/// Which sources join their users to objects of earlier ones, and by what. Immutable, shared by all
/// engines of a configuration. A source that is not named, because it is no longer configured,
/// counts as earlier than all.
struct JoinRules {
    struct Source {
        directory::SourceId id{};
        /// Attributes of User; the first that finds an object decides. Empty: it joins nothing.
        std::vector<directory::AttributeId> match;
    };
    std::vector<Source> sources;  ///< in the order of the configuration

    /// The attributes by which a source joins; none when it does not.
    [[nodiscard]] const std::vector<directory::AttributeId>& match(directory::SourceId source
    ) const;
    /// Is `other` another directory whose objects `source` may join?
    [[nodiscard]] bool is_earlier(directory::SourceId other, directory::SourceId source) const;
    /// One after the source joins.
    [[nodiscard]] bool is_joined(directory::SourceId source) const;
    /// Place in the order of precedence; 0 for what is not configured.
    [[nodiscard]] std::size_t place(directory::SourceId source) const;
};

}  // namespace bascule::mirror

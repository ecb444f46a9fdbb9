#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "directory/model/source_entry.hpp"
#include "tests/unit/mirror/joined_world.hpp"
#include "tests/unit/mirror/recorded_directory.hpp"

namespace bascule::test {

/// What a store has to hold of directories whose users are joined, worked out from the directories
/// alone, and its comparison with what a store does hold.
class JoinedModel {
  public:
    /// In the order of precedence, with what joins the users of each.
    struct Source {
        std::string name;
        const RecordedDirectory* directory;
        std::vector<directory::AttributeId> match;
    };
    JoinedModel(JoinedWorld& world, std::vector<Source> sources);

    /// Every entry, document, edge and state is as it should be, and nothing is held. Everything
    /// that refers was read a moment ago.
    void compare();
    [[nodiscard]] std::size_t joined() const { return person_of_.size() - people_.size(); }
    [[nodiscard]] std::size_t ambiguous() const { return ambiguous_.size(); }

  private:
    using Place = std::pair<std::size_t, Uuid>;  ///< source and entry
    struct Person {
        Place own;
        std::string number;        ///< empty: none
        std::vector<Place> parts;  ///< in the order of precedence
    };

    void add_source(std::size_t source);
    [[nodiscard]] std::vector<std::size_t> people_like(
        const RecordedDirectory::Node& node, directory::AttributeId attribute
    ) const;
    void compare_entry(std::size_t source, const Uuid& id);
    void compare_person(const Person& person);
    void compare_parts(const Person& person);
    void compare_references(
        std::size_t source, const Uuid& id, directory::EdgeKind kind,
        const RecordedDirectory::References& references
    );
    void compare_counts();
    [[nodiscard]] std::optional<Uuid> target(
        std::size_t source, directory::EdgeKind kind, const std::optional<Uuid>& id
    ) const;
    [[nodiscard]] const RecordedDirectory::Node& node(const Place& place) const {
        return sources_[place.first].directory->node(place.second);
    }
    [[nodiscard]] Uuid id_of(const Place& place) const;
    [[nodiscard]] std::string attributes_of(const Place& place) const;
    [[nodiscard]] std::string name_of(const Place& place) const;

    JoinedWorld& world_;
    std::vector<Source> sources_;
    std::vector<Person> people_;
    std::map<Place, std::size_t> person_of_;  ///< whom an entry is or is a part of
    std::set<Place> ambiguous_;
};

/// Watches that no entry of a source goes that the directory still had when it was last heard.
class EntryWatch {
  public:
    EntryWatch(JoinedWorld& world, std::string source, const RecordedDirectory& directory)
        : world_(world), source_(std::move(source)), directory_(directory) {}

    /// A run of the feed begins.
    void begin();
    /// These may go now, whatever has become of them meanwhile.
    void approve(const mirror::HeldPlan& plan);
    /// Looks at what has gone since the last look.
    void check();
    /// How many have gone.
    [[nodiscard]] unsigned gone() const { return gone_; }

  private:
    JoinedWorld& world_;
    std::string source_;
    const RecordedDirectory& directory_;
    std::uint64_t known_ = 0;  ///< everything up to this stamp has been taken in
    unsigned gone_ = 0;
    std::set<Uuid> there_;
    std::set<Uuid> held_;  ///< that they went was known when the run began
    std::set<Uuid> approved_;
};

}  // namespace bascule::test

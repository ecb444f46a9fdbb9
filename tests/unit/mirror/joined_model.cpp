#include "tests/unit/mirror/joined_model.hpp"

#include <algorithm>

#include "directory/mirror/document.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::test {

using directory::AttributePath;
using directory::EdgeKind;
using directory::EntryState;

JoinedModel::JoinedModel(JoinedWorld& world, std::vector<Source> sources)
    : world_(world), sources_(std::move(sources)) {
    for (std::size_t source = 0; source < sources_.size(); ++source)
        add_source(source);
}

std::vector<std::size_t> JoinedModel::people_like(
    const RecordedDirectory::Node& wanted, directory::AttributeId attribute
) const {
    std::vector<std::size_t> found;
    const std::string number = wanted.number > 0 ? std::to_string(wanted.number) : std::string();
    for (std::size_t index = 0; index < people_.size(); ++index) {
        const bool alike = attribute == user_name() ? node(people_[index].own).uid == wanted.uid
                                                    : people_[index].number == number;
        if (alike && (attribute == user_name() || !number.empty()))
            found.push_back(index);
    }
    return found;
}

/// Every entry looks among the people of the sources before, as these leave them.
void JoinedModel::add_source(std::size_t source) {
    const Source& own = sources_[source];
    std::map<Uuid, std::optional<std::size_t>> wanted;
    std::map<std::size_t, unsigned> wishes;
    for (const Uuid& id : own.directory->inside()) {
        if (!own.directory->is_servable(id) || own.directory->node(id).kind != "user")
            continue;
        wanted[id] = std::nullopt;
        for (const auto attribute : own.match) {
            const auto found = people_like(own.directory->node(id), attribute);
            if (found.size() > 1)
                ambiguous_.insert({source, id});
            if (found.size() == 1)
                ++wishes[*(wanted[id] = found.front())];
            if (!found.empty())
                break;
        }
    }
    for (const auto& [id, person] : wanted) {
        const Place place{source, id};
        if (person && wishes[*person] > 1)
            ambiguous_.insert(place);
        if (ambiguous_.contains(place))
            continue;
        const unsigned number = own.directory->node(id).number;
        const std::string text = number > 0 ? std::to_string(number) : std::string();
        person_of_[place] = person.value_or(people_.size());
        if (!person) {
            people_.push_back({place, text, {}});
            continue;
        }
        people_[*person].parts.push_back(place);
        if (people_[*person].number.empty())
            people_[*person].number = text;
    }
}

Uuid JoinedModel::id_of(const Place& place) const {
    return mirror::object_id(sources_[place.first].name, place.second);
}

std::string JoinedModel::attributes_of(const Place& place) const {
    const auto& directory = *sources_[place.first].directory;
    return world_.mapper().map(directory.entry_of(place.second)).attributes;
}

std::string JoinedModel::name_of(const Place& place) const {
    const auto& source = sources_[place.first];
    return source.name + " " + source.directory->dn_of(place.second) + " " +
           place.second.to_string().substr(28);
}

void JoinedModel::compare() {
    for (std::size_t source = 0; source < sources_.size(); ++source) {
        for (const Uuid& id : sources_[source].directory->inside())
            compare_entry(source, id);
    }
    for (const Person& person : people_)
        compare_person(person);
    compare_counts();
}

void JoinedModel::compare_entry(std::size_t source, const Uuid& id) {
    const Place place{source, id};
    SCOPED_TRACE(name_of(place));
    const auto& directory = *sources_[source].directory;
    const auto entry = directory.entry_of(id);
    const auto stored = world_.entry(sources_[source].name, id);
    ASSERT_TRUE(stored) << "is missing";
    EXPECT_EQ(stored->dn_key, entry.dn_key);
    EXPECT_EQ(stored->dn, entry.dn);
    const std::string type = world_.type_of(sources_[source].name, id);
    if (!directory.is_servable(id)) {
        EXPECT_EQ(stored->state, EntryState::unmatched) << stored->reason;
        EXPECT_TRUE(type == "none" || type == "Unmapped") << type;
        return;
    }
    if (ambiguous_.contains(place)) {
        EXPECT_EQ(stored->state, EntryState::quarantined);
        EXPECT_TRUE(stored->reason.starts_with("ambiguous: ")) << stored->reason;
        EXPECT_TRUE(type == "none" || type == "Unmapped") << type;
        return;
    }
    EXPECT_EQ(stored->state, EntryState::mirrored) << stored->reason;
    if (directory.node(id).kind != "group")
        return;
    EXPECT_EQ(type, "Group");
    const auto object = world_.object(sources_[source].name, id);
    ASSERT_TRUE(object);
    EXPECT_EQ(
        object->body,
        mirror::assemble_document(
            product_registry(), object->row.type, id_of(place), attributes_of(place), {}
        )
    );
    compare_references(source, id, EdgeKind::member, directory.node(id).members);
}

/// The values of the earliest source that has some; what is unique is the first one's alone.
void JoinedModel::compare_person(const Person& person) {
    SCOPED_TRACE(name_of(person.own));
    const auto& [source, id] = person.own;
    const std::string own = attributes_of(person.own);
    std::string others;
    for (const Place& part : person.parts) {
        const std::string given =
            mirror::filter_attributes(attributes_of(part), [](const auto& one) {
                return one.name != "userName" && one.name != "externalId";
            });
        others = mirror::join_attributes(others, given);
    }
    const auto object = world_.object(sources_[source].name, id);
    ASSERT_TRUE(object) << "is not served";
    ASSERT_EQ(world_.type_of(sources_[source].name, id), "User");
    EXPECT_EQ(
        object->body, mirror::assemble_document(
                          product_registry(), object->row.type, id_of(person.own), own, others
                      )
    );
    compare_references(source, id, EdgeKind::manager, node(person.own).manager);
    compare_parts(person);
}

void JoinedModel::compare_parts(const Person& person) {
    for (const Place& part : person.parts) {
        SCOPED_TRACE("with " + name_of(part));
        EXPECT_EQ(world_.type_of(sources_[part.first].name, part.second), "Joined");
        const Uuid row = id_of(part);
        EXPECT_EQ(world_.targets(row, directory::joined_edge), std::set<Uuid>{id_of(person.own)});
        EXPECT_TRUE(world_.targets(row, EdgeKind::manager).empty());
    }
}

std::optional<Uuid> JoinedModel::target(
    std::size_t source, EdgeKind kind, const std::optional<Uuid>& id
) const {
    const auto& directory = *sources_[source].directory;
    if (!id || !directory.is_servable(*id))
        return std::nullopt;
    if (directory.node(*id).kind == "group") {
        return kind == EdgeKind::manager ? std::optional<Uuid>() : id_of({source, *id});
    }
    const auto person = person_of_.find({source, *id});
    return person == person_of_.end() ? std::optional<Uuid>() : id_of(people_[person->second].own);
}

void JoinedModel::compare_references(
    std::size_t source, const Uuid& id, EdgeKind kind,
    const RecordedDirectory::References& references
) {
    const auto& directory = *sources_[source].directory;
    std::set<Uuid> wanted;
    for (const auto& [meant, dn] : references) {
        const auto there = dn.empty() ? std::optional(meant) : directory.at(dn);
        if (const auto found = target(source, kind, there))
            wanted.insert(*found);
    }
    EXPECT_EQ(world_.targets(id_of({source, id}), kind), wanted)
        << (kind == EdgeKind::member ? "members" : "manager");
}

void JoinedModel::compare_counts() {
    std::size_t groups = 0;
    for (const Source& source : sources_) {
        std::size_t inside = 0;
        for (const Uuid& id : source.directory->inside()) {
            ++inside;
            groups += source.directory->node(id).kind == "group" ? 1 : 0;
        }
        EXPECT_EQ(world_.entries(source.name).size(), inside) << "ghosts of " << source.name;
        EXPECT_EQ(world_.held(source.name).to_json(), "");
    }
    world_.read([&](directory::Reader& reader) {
        EXPECT_EQ(*reader.count(product_registry().type("User")), people_.size());
        EXPECT_EQ(*reader.count(product_registry().type("Group")), groups);
        return 0;
    });
}

void EntryWatch::begin() {
    const std::string& cookie = world_.engine(source_).state().cookie;
    if (!cookie.empty())
        known_ = std::max<std::uint64_t>(known_, std::stoull(cookie));
    held_ = world_.held(source_).deletes;
}

void EntryWatch::approve(const mirror::HeldPlan& plan) {
    approved_.insert(plan.deletes.begin(), plan.deletes.end());
    approved_.insert(plan.unmatched.begin(), plan.unmatched.end());
}

void EntryWatch::check() {
    std::set<Uuid> now;
    for (const auto& [anchor, state] : world_.entries(source_)) {
        if (state != EntryState::unmatched)
            now.insert(anchor);
    }
    for (const Uuid& anchor : there_) {
        if (now.contains(anchor))
            continue;
        ++gone_;
        const auto absence = directory_.absence(anchor);
        const bool unknown = absence.last > known_ || absence.last <= directory_.forgotten() ||
                             held_.contains(anchor);
        const bool right = !directory_.is_servable(anchor) || approved_.contains(anchor) ||
                           (absence.times > 0 && unknown);
        EXPECT_TRUE(right) << "a false delete of " << source_ << " " << anchor.to_string();
    }
    there_ = std::move(now);
}

}  // namespace bascule::test

#include "directory/mirror/provenance.hpp"

#include <algorithm>
#include <array>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::AttributePath;
using directory::JournalQuery;
using directory::JournalRecord;
using directory::Reader;

namespace {

constexpr std::size_t page = 200;
/// Of one object; each takes some microseconds.
constexpr std::size_t most_records = 20'000;

std::string_view detail_of(const JournalRecord& record, std::string_view name) {
    for (const auto& [key, value] : record.details) {
        if (key == name)
            return value;
    }
    return {};
}

/// Whether a list "a, b" names it.
bool lists(std::string_view names, std::string_view wanted) {
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(", "), names.size());
        if (names.substr(0, end) == wanted)
            return true;
        names.remove_prefix(std::min(end + 2, names.size()));
    }
    return false;
}

/// The element of a record's changes that is about the attribute, or nothing.
std::optional<std::string_view> change_of(const JournalRecord& record, const std::string& name) {
    const std::string_view changes = detail_of(record, directory::changes_detail);
    if (changes.empty())
        return std::nullopt;
    JsonElements elements(changes);
    while (const auto element = elements.next()) {
        if (json_text_member(*element, "attribute") == name)
            return element;
    }
    return std::nullopt;
}

bool is_added(const JournalRecord& record) {
    return record.activity.starts_with("Add ") && record.activity.find(" to ") == std::string::npos;
}

OriginKind kind_of(const JournalRecord& record) {
    if (record.actor.kind != directory::ActorKind::source && record.origin != "Sync")
        return OriginKind::local_change;
    const std::string_view cause = detail_of(record, directory::cause_detail);
    if (cause == directory::mapping_cause)
        return OriginKind::mapping_change;
    if (cause == directory::time_cause)
        return OriginKind::time;
    if (cause == directory::approved_cause)
        return OriginKind::approved_loss;
    return OriginKind::source_change;
}

Origin origin_from(const JournalRecord& record, std::optional<std::string_view> change) {
    Origin out;
    out.kind = kind_of(record);
    out.time = record.time;
    out.stamp = detail_of(record, directory::stamp_detail);
    out.actor = record.actor;
    out.channel = record.origin;
    out.sequence = record.sequence;
    if (change) {
        out.before = json_member(*change, "before");
        out.before_known = true;
    }
    return out;
}

/// Walks the journal of one object from the newest record to the oldest.
class History {
  public:
    History(Reader& reader, const Uuid& target) : reader_(reader) {
        query_.newest_first = true;
        query_.limit = page;
        query_.target = target;
    }

    Result<std::optional<JournalRecord>> next() {
        if (at_ == records_.size()) {
            if (ended_ || read_ >= most_records)
                return std::optional<JournalRecord>();
            BASCULE_TRY(records_, reader_.journal(query_));
            at_ = 0;
            read_ += records_.size();
            ended_ = records_.size() < page;
            if (records_.empty())
                return std::optional<JournalRecord>();
            query_.after = records_.back().sequence;
        }
        return std::optional(std::move(records_[at_++]));
    }
    /// Whether every record there is was seen.
    [[nodiscard]] bool whole() const { return ended_ && at_ == records_.size(); }

  private:
    Reader& reader_;
    JournalQuery query_;
    std::vector<JournalRecord> records_;
    std::size_t at_ = 0;
    std::size_t read_ = 0;
    bool ended_ = false;
};

/// Whether the journal goes back to that time.
Result<bool> reaches_back(Reader& reader, Time time) {
    JournalQuery query;
    query.limit = 1;
    BASCULE_TRY(const auto oldest, reader.journal(query));
    return !oldest.empty() && (oldest.front().sequence == 1 || oldest.front().time <= time);
}

struct KindName {
    OriginKind kind;
    std::string_view name;
};
constexpr std::array kind_names{
    KindName{OriginKind::first_load, "first_load"},
    KindName{OriginKind::source_change, "source_change"},
    KindName{OriginKind::mapping_change, "mapping_change"},
    KindName{OriginKind::time, "time"},
    KindName{OriginKind::approved_loss, "approved_loss"},
    KindName{OriginKind::local_change, "local_change"},
    KindName{OriginKind::before_journal, "before_journal"},
};

}  // namespace

std::string_view to_string(OriginKind kind) {
    const auto* const found = std::ranges::find(kind_names, kind, &KindName::kind);
    return found == kind_names.end() ? std::string_view() : found->name;
}

Result<Origin> origin_of(
    Reader& reader, const directory::Object& object, const AttributePath& path
) {
    const std::string name = AttributePath{path.extension, path.name, {}}.to_string();
    const bool is_manager = path.name == "manager";
    History history(reader, object.row.id);
    std::string oldest_stamp;
    while (true) {
        BASCULE_TRY(const auto record, history.next());
        if (!record)
            break;
        const std::string_view former = detail_of(*record, directory::former_stamp_detail);
        if (!former.empty())
            oldest_stamp = former;
        const auto change = change_of(*record, name);
        const std::string_view changed = detail_of(*record, "changed");
        const bool named = change || lists(changed, name) ||
                           lists(detail_of(*record, "attributes"), name) ||
                           (is_manager && lists(changed, "manager"));
        if (named || is_added(*record)) {
            Origin out = origin_from(*record, change);
            // An object that came has no value of its own before.
            out.before_known = out.before_known || is_added(*record);
            return out;
        }
    }
    Origin out;
    out.time = object.row.created;
    out.stamp = oldest_stamp;
    if (out.stamp.empty()) {
        BASCULE_TRY(const auto entry, reader.find_entry(object.row.oid));
        out.stamp = entry ? entry->csn : std::string();
    }
    BASCULE_TRY(const bool all, reaches_back(reader, object.row.created));
    if (!all || !history.whole()) {
        out.kind = OriginKind::before_journal;
        out.time.reset();
    } else {
        out.before_known = true;
    }
    return out;
}

Result<std::optional<MemberOrigin>> member_origin(
    Reader& reader, const directory::ObjectRow& group, const directory::ObjectRow& member
) {
    BASCULE_TRY(
        const auto since, reader.edge_since(directory::EdgeKind::member, group.oid, member.oid)
    );
    if (!since)
        return std::optional<MemberOrigin>();
    MemberOrigin out;
    out.since = *since;
    const std::string id = member.id.to_string();
    History history(reader, group.id);
    while (true) {
        BASCULE_TRY(const auto record, history.next());
        if (!record || record->time < *since)
            return std::optional(out);
        const bool adds = record->activity == "Add member to group";
        if (!adds || record->time != *since ||
            detail_of(*record, "added").find(id) == std::string_view::npos)
            continue;
        out.stamp = detail_of(*record, directory::stamp_detail);
        out.actor = record->actor;
        out.channel = record->origin;
        out.sequence = record->sequence;
        return std::optional(out);
    }
}

}  // namespace bascule::mirror

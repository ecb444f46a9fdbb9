// Whom an entry is joined to, and which entries have to look again when an object changes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/mirror/document.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::mirror {

using directory::AttributeId;
using directory::AttributePath;
using directory::EdgeKind;
using directory::may_be_cut;
using directory::Object;
using directory::ObjectRow;
using directory::Oid;
using directory::SourceId;
using directory::Term;

namespace {

/// So many objects with one value are as ambiguous as any number.
constexpr std::size_t enough_candidates = 200;
constexpr std::size_t page = 1000;

/// What entries wait for that two objects, or two entries of one source, contend for.
std::string rivals_for(const Uuid& master) {
    return "join:" + master.to_string();
}

std::string rivals_for(const std::string& key) {
    return "join:" + key;
}

std::string key_of(const directory::AttributeSpec& spec, const std::string& value) {
    return spec.path.to_string() + "=" + value;
}

bool has_attribute(std::string_view object, const AttributePath& path) {
    bool found = false;
    if (object.empty())
        return false;
    each_attribute(object, [&](const AttributePath& one, std::string_view) {
        found = found || (one.extension == path.extension && one.name == path.name);
    });
    return found;
}

}  // namespace

bool EntryApplier::joins() const {
    return context_.joins != nullptr && !context_.joins->match(context_.source).empty();
}

/// The values by which an entry can be joined stand beside its document, so that it is found by
/// them.
std::string EntryApplier::joined_document(const std::string& body) const {
    std::string out = body.substr(0, body.rfind('}'));
    JsonWriter json(out);
    std::string keys;
    JsonWriter list(keys);
    list.begin_array();
    const auto& match = context_.joins->match(context_.source);
    for (const Term& term : terms_of(context_.registry, user_, body)) {
        if (std::ranges::find(match, term.attribute) != match.end() && !may_be_cut(term.value))
            list.text(key_of(context_.registry.spec(term.attribute), term.value));
    }
    list.end_array();
    out.append(",\"key\":").append(keys).append("}");
    return out;
}

/// A value counts when a directory before this one gave it: neither what is kept here nor what this
/// or a later source has contributed.
Result<bool> EntryApplier::is_from_earlier(const Object& object, const AttributePath& path) {
    if (has_attribute(object.local, path))
        return false;
    BASCULE_TRY(
        const auto parts,
        transaction_.edge_sources(directory::joined_edge, object.row.oid, {}, page)
    );
    for (const ObjectRow& part : parts) {
        if (context_.joins->is_earlier(part.source, context_.source))
            continue;
        BASCULE_TRY(const auto row, transaction_.find(part.oid));
        if (row && has_attribute(row->local, path))
            return false;
    }
    return true;
}

Result<std::vector<Object>> EntryApplier::candidates(
    AttributeId attribute, const std::vector<Term>& terms
) {
    std::vector<Object> out;
    for (const Term& term : terms) {
        if (term.attribute != attribute || term.value.empty() || may_be_cut(term.value))
            continue;
        BASCULE_TRY(
            auto found, transaction_.find_by_term(attribute, term.value, enough_candidates)
        );
        for (Object& object : found) {
            const bool known = std::ranges::any_of(out, [&](const Object& one) {
                return one.row.oid == object.row.oid;
            });
            if (known || object.row.type != user_ ||
                !context_.joins->is_earlier(object.row.source, context_.source))
                continue;
            BASCULE_TRY(
                const bool counts, is_from_earlier(object, context_.registry.spec(attribute).path)
            );
            if (counts)
                out.push_back(std::move(object));
        }
    }
    return out;
}

Result<EntryApplier::Join> EntryApplier::find_join(const Work& work, const std::string& body) {
    const std::vector<Term> terms = terms_of(context_.registry, user_, body);
    for (const AttributeId attribute : context_.joins->match(context_.source)) {
        BASCULE_TRY(const auto found, candidates(attribute, terms));
        if (found.size() == 1)
            return contend(work, found.front().row);
        if (found.empty())
            continue;
        const auto term =
            std::ranges::find(terms, attribute, [](const Term& one) { return one.attribute; });
        const auto& spec = context_.registry.spec(attribute);
        std::vector<std::string> names;
        for (const Object& object : found)
            names.push_back(printable(object.row.display, 80));
        std::ranges::sort(names);
        Join refused;
        refused.blocked = rivals_for(key_of(spec, term->value));
        refused.reason = fmt::format(
            "ambiguous: its {} is that of {} objects of other sources ({})", spec.path.to_string(),
            found.size(), fmt::join(names, ", ")
        );
        return refused;
    }
    return Join{};
}

/// Of two entries of one source that lead to one object neither is joined: which is right only
/// people can tell.
Result<EntryApplier::Join> EntryApplier::contend(const Work& work, const ObjectRow& master) {
    const Oid self = work.object ? work.object->row.oid : Oid{};
    Join out;
    std::string rival;
    BASCULE_TRY(
        const auto parts, transaction_.edge_sources(directory::joined_edge, master.oid, {}, page)
    );
    for (const ObjectRow& part : parts) {
        if (part.source != context_.source || part.oid == self)
            continue;
        retries_.push_back(part.oid);
        rival = part.display;
    }
    BASCULE_TRY(
        const auto waiting, transaction_.entries_blocked_by(context_.source, rivals_for(master.id))
    );
    for (const auto& entry : waiting) {
        if (entry.oid != self)
            rival = entry.dn;
    }
    if (rival.empty()) {
        out.master = master;
        return out;
    }
    out.blocked = rivals_for(master.id);
    out.reason = fmt::format(
        "ambiguous: it and '{}' both belong to '{}' of another source", printable(rival, 200),
        printable(master.display, 80)
    );
    return out;
}

Status EntryApplier::retry_rivals(const directory::MirrorEntry& former) {
    if (!former.blocked_by.starts_with("join:"))
        return {};
    BASCULE_TRY(
        const auto waiting, transaction_.entries_blocked_by(context_.source, former.blocked_by)
    );
    for (const auto& entry : waiting)
        retries_.push_back(entry.oid);
    return {};
}

/// The joined row of this source whose entry has this user name.
Result<std::optional<ObjectRow>> EntryApplier::find_joined_user(std::string_view user_name) {
    const auto key = context_.registry.find_attribute(joined_, {{}, "key", {}});
    BASCULE_TRY(
        const auto rows, transaction_.find_by_term(*key, "userName=" + fold_case(user_name), page)
    );
    const auto found = std::ranges::find_if(rows, [&](const Object& one) {
        return one.row.source == context_.source;
    });
    return found == rows.end() ? Result<std::optional<ObjectRow>>() : target_of(found->row);
}

Status EntryApplier::recheck_later(SourceId source, Oid entry) {
    return transaction_.add_pending({source, recheck_key(), directory::joined_edge, entry});
}

Status EntryApplier::note_values(const std::string& old_body, const std::string& new_body) {
    if (context_.joins == nullptr)
        return {};
    const auto terms = [&](const std::string& body) {
        return body.empty() ? std::vector<Term>() : terms_of(context_.registry, user_, body);
    };
    const auto before = terms(old_body);
    const auto after = terms(new_body);
    for (const JoinRules::Source& source : context_.joins->sources) {
        if (source.match.empty() || !context_.joins->is_earlier(context_.source, source.id))
            continue;
        for (const auto* side : {&before, &after}) {
            const auto* other = side == &before ? &after : &before;
            for (const Term& term : *side) {
                const bool matters =
                    std::ranges::find(source.match, term.attribute) != source.match.end();
                if (matters && std::ranges::find(*other, term) == other->end())
                    BASCULE_CHECK(
                        note_value(source.id, context_.registry.spec(term.attribute), term)
                    );
            }
        }
    }
    return {};
}

/// Every entry of a later source that has this value looks again.
Status EntryApplier::note_value(
    SourceId source, const directory::AttributeSpec& spec, const Term& term
) {
    const std::string key = key_of(spec, term.value);
    BASCULE_TRY(const auto own, transaction_.find_by_term(term.attribute, term.value, page));
    const auto attribute = context_.registry.find_attribute(joined_, {{}, "key", {}});
    BASCULE_TRY(const auto joined, transaction_.find_by_term(*attribute, key, page));
    for (const auto* objects : {&own, &joined}) {
        for (const Object& object : *objects) {
            if (object.row.source == source)
                BASCULE_CHECK(recheck_later(source, object.row.oid));
        }
    }
    for (const std::string& blocked : {key, rivals_for(key)}) {
        BASCULE_TRY(const auto waiting, transaction_.entries_blocked_by(source, blocked));
        for (const auto& entry : waiting)
            BASCULE_CHECK(recheck_later(source, entry.oid));
    }
    return {};
}

/// Entries that are part of an object which leaves, or contend for it, find their own way. Groups
/// of their sources that name them wait for them.
Status EntryApplier::release_joined(const Object& master) {
    BASCULE_TRY(
        const auto parts,
        transaction_.edge_sources(directory::joined_edge, master.row.oid, {}, page)
    );
    for (const ObjectRow& part : parts) {
        BASCULE_TRY(
            [[maybe_unused]] const bool removed,
            transaction_.remove_edge(directory::joined_edge, part.oid, master.row.oid)
        );
        BASCULE_TRY(const auto entry, transaction_.find_entry(part.oid));
        if (!entry)
            continue;
        BASCULE_CHECK(detach_for(*entry, master.row.oid));
        BASCULE_CHECK(recheck_later(part.source, part.oid));
    }
    if (context_.joins == nullptr)
        return {};
    for (const JoinRules::Source& source : context_.joins->sources) {
        BASCULE_TRY(
            const auto waiting,
            transaction_.entries_blocked_by(source.id, rivals_for(master.row.id))
        );
        for (const auto& entry : waiting)
            BASCULE_CHECK(recheck_later(source.id, entry.oid));
    }
    return {};
}

Status EntryApplier::recheck_joining() {
    if (context_.joins == nullptr)
        return {};
    std::size_t count = 0;
    for (const JoinRules::Source& source : context_.joins->sources) {
        if (source.match.empty() || !context_.joins->is_earlier(context_.source, source.id))
            continue;
        std::vector<Oid> entries;
        BASCULE_CHECK(transaction_.each_entry(
            source.id,
            [&](Oid oid, const Uuid&, directory::EntryState state) -> Status {
                if (state != directory::EntryState::unmatched)
                    entries.push_back(oid);
                return {};
            }
        ));
        for (const Oid entry : entries)
            BASCULE_CHECK(recheck_later(source.id, entry));
        count += entries.size();
    }
    if (count == 0)
        return {};
    counts_.writes += count;
    // Sources look whether there is something for them when the journal goes on.
    directory::JournalRecord record;
    record.actor = {directory::ActorKind::source, {}, context_.source_name};
    record.origin = "Sync";
    record.activity = "Join users again";
    record.target_display = context_.source_name;
    record.details = {{"entries", std::to_string(count)}};
    return transaction_.append(std::move(record));
}

Result<std::size_t> EntryApplier::recheck(std::size_t limit) {
    BASCULE_TRY(const auto waiting, transaction_.pending_for(context_.source, recheck_key()));
    const std::size_t count = std::min(limit, waiting.size());
    for (std::size_t index = 0; index < count; ++index) {
        BASCULE_CHECK(transaction_.remove_pending(waiting[index]));
        retries_.push_back(waiting[index].from);
    }
    counts_.writes += count;
    BASCULE_CHECK(finish());
    return count;
}

}  // namespace bascule::mirror

#include "daemon/events/stream_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/events/push_client.hpp"
#include "directory/base/text.hpp"
#include "scim/events/event_uris.hpp"

namespace bascule::daemon {

using directory::Durability;
using directory::JournalRecord;
using directory::Object;
using directory::Reader;
using directory::Transaction;
using scim::events::Delivery;
using scim::events::EventStream;
using scim::events::StreamState;

namespace {

constexpr std::size_t most_streams = 100;

Error invalid(std::string field, std::string detail) {
    return Error{
        ErrorKind::invalid_input, "invalid_stream", std::move(detail), std::move(field), {}};
}

Status check_name(std::string_view name) {
    const bool plain = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
    if (name.empty() || name.size() > 64 || !plain || parse_uuid(name)) {
        return fail(invalid(
            "name", "A stream's name is 1 to 64 letters, digits, '-', '_' and '.', and no UUID."
        ));
    }
    return {};
}

Status check_delivery(const EventStream& wanted) {
    if (wanted.delivery == Delivery::push) {
        return events::check_endpoint(wanted.endpoint);
    }
    if (wanted.client_name.empty()) {
        return fail(invalid(
            "client",
            "A stream that is polled belongs to a token with the scope events:read; name "
            "it."
        ));
    }
    return {};
}

JournalRecord record_of(
    const access::Caller& by, std::string_view activity, const EventStream& stream
) {
    JournalRecord record;
    record.actor = by.actor;
    record.origin = by.origin;
    record.source_address = by.source_address;
    record.request_id = by.request_id;
    record.activity = activity;
    record.target = stream.id;
    record.target_type = "EventStream";
    record.target_display = stream.name;
    return record;
}

/// The last record before a time, by halving: times rise with sequences.
Result<std::int64_t> sequence_before(Reader& reader, Time from) {
    BASCULE_TRY(const std::int64_t last, reader.last_sequence());
    std::int64_t low = 0;
    std::int64_t high = last;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        directory::JournalQuery query;
        query.after = middle;
        query.limit = 1;
        BASCULE_TRY(const auto next, reader.journal(query));
        if (next.empty() || next.front().time >= from) {
            high = middle;
        } else {
            low = next.front().sequence;
        }
    }
    return low;
}

}  // namespace

StreamService::StreamService(
    directory::Store& store, const directory::Clock& clock, selfservice::TokenService& tokens,
    const Secret& key
)
    : store_(store),
      clock_(clock),
      tokens_(tokens),
      sealer_(key, "streams1"),
      type_(store.registry().type("EventStream")),
      name_attribute_(store.registry().find_attribute(type_, {"", "name", ""}).value()) {}

Result<EventStream> StreamService::create(EventStream wanted, From from, const access::Caller& by) {
    BASCULE_CHECK(check_name(wanted.name));
    BASCULE_CHECK(check_scopes(wanted.scopes));
    BASCULE_CHECK(check_delivery(wanted));
    BASCULE_CHECK(name_client(wanted));
    wanted.created = clock_.now();
    wanted.id = wanted.id.is_nil() ? uuid_v7(wanted.created) : wanted.id;
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const std::uint64_t count, transaction.count(type_));
        if (count >= most_streams) {
            return fail(
                ErrorKind::conflict, "too_many_streams",
                "There are " + std::to_string(count) + " event streams already; remove one first."
            );
        }
        if (wanted.group) {
            BASCULE_TRY(const auto group, transaction.find_row(*wanted.group));
            if (!group || group->type != store_.registry().type("Group")) {
                return fail(invalid("group", "There is no group " + wanted.group->to_string() + ".")
                );
            }
        }
        BASCULE_TRY(
            wanted.acknowledged,
            from ? sequence_before(transaction, *from) : transaction.last_sequence()
        );
        directory::NewObject object;
        object.id = wanted.id;
        object.type = type_;
        object.display = wanted.name;
        object.body = stream_body(wanted);
        BASCULE_TRY([[maybe_unused]] const auto oid, transaction.create(std::move(object)));
        return transaction.append(record_of(by, "Add event stream", wanted));
    });
    if (!written && written.error().code == "uniqueness") {
        return fail(
            ErrorKind::conflict, "name_in_use",
            "There is a stream named '" + wanted.name + "' already."
        );
    }
    BASCULE_CHECK(written);
    ++revision_;
    return wanted;
}

Result<std::vector<EventStream>> StreamService::list() {
    std::vector<EventStream> streams;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        streams.clear();
        directory::Query query;
        query.type = type_;
        query.limit = most_streams;
        BASCULE_TRY(const auto found, reader.query(query));
        for (const Object& object : found.objects) {
            BASCULE_TRY(EventStream stream, scim::events::stream_of(object));
            streams.push_back(std::move(stream));
        }
        return {};
    }));
    std::ranges::for_each(streams, [this](EventStream& stream) { follow_client(stream); });
    std::ranges::sort(streams, {}, &EventStream::name);
    return streams;
}

Result<EventStream> StreamService::load(Reader& reader, std::string_view name_or_id) const {
    std::optional<Object> object;
    if (const auto id = parse_uuid(name_or_id)) {
        BASCULE_TRY(object, reader.find(*id));
    } else {
        BASCULE_TRY(const auto found, reader.find_by_term(name_attribute_, name_or_id, 1));
        if (!found.empty()) {
            object = found.front();
        }
    }
    if (!object || object->row.type != type_) {
        return fail(
            ErrorKind::not_found, "not_found",
            "There is no event stream '" + printable(name_or_id) + "'."
        );
    }
    return scim::events::stream_of(*object);
}

Result<EventStream> StreamService::find(std::string_view name_or_id) {
    EventStream stream;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(stream, load(reader, name_or_id));
        return {};
    }));
    follow_client(stream);
    return stream;
}

Status StreamService::change(
    std::string_view name_or_id, std::string activity, const access::Caller& by,
    const std::function<Status(Transaction&, EventStream&)>& change
) {
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(EventStream stream, load(transaction, name_or_id));
        BASCULE_CHECK(change(transaction, stream));
        BASCULE_TRY(const auto row, transaction.find_row(stream.id));
        if (row) {
            BASCULE_TRY(
                [[maybe_unused]] const bool changed,
                transaction.update(row->oid, stream_body(stream), {}, stream.name)
            );
        }
        return transaction.append(record_of(by, activity, stream));
    });
    ++revision_;
    return written;
}

Status StreamService::remove(std::string_view name_or_id, const access::Caller& by) {
    return change(
        name_or_id, "Remove event stream", by,
        [](Transaction& transaction, const EventStream& stream) -> Status {
            BASCULE_TRY(const auto row, transaction.find_row(stream.id));
            return row ? transaction.remove(row->oid) : Status{};
        }
    );
}

Status StreamService::configure(
    std::string_view name_or_id, const access::Caller& by,
    const std::function<Status(EventStream&)>& change_of
) {
    return change(name_or_id, "Update event stream", by, [&](Transaction&, EventStream& stream) {
        return change_of(stream);
    });
}

Status StreamService::set_state(
    std::string_view name_or_id, StreamState state, const access::Caller& by
) {
    constexpr std::array activities{
        "Resume event stream", "Pause event stream", "Disable event stream"};
    return change(
        name_or_id, activities.at(static_cast<std::size_t>(state)), by,
        [state](Transaction& transaction, EventStream& stream) -> Status {
            if (stream.discards && state != StreamState::disabled) {
                BASCULE_TRY(stream.acknowledged, transaction.last_sequence());
                stream.acknowledged_beyond.clear();
            }
            stream.paused = state != StreamState::enabled;
            stream.paused_by_client = stream.paused;
            stream.discards = state == StreamState::disabled;
            return {};
        }
    );
}

Status StreamService::pause(std::string_view name_or_id, bool paused, const access::Caller& by) {
    return change(
        name_or_id, paused ? "Pause event stream" : "Resume event stream", by,
        [paused](Transaction& transaction, EventStream& stream) -> Status {
            if (!paused && stream.discards) {
                BASCULE_TRY(stream.acknowledged, transaction.last_sequence());
                stream.acknowledged_beyond.clear();
                stream.discards = false;
            }
            stream.paused = paused;
            stream.paused_by_client = false;
            return {};
        }
    );
}

Status StreamService::replay(std::string_view name_or_id, Time from, const access::Caller& by) {
    return change(
        name_or_id, "Replay event stream", by,
        [from](Transaction& transaction, EventStream& stream) -> Status {
            BASCULE_TRY(stream.acknowledged, sequence_before(transaction, from));
            stream.acknowledged_beyond.clear();
            return {};
        }
    );
}

Status StreamService::verify(
    std::string_view name_or_id, std::string_view state, const access::Caller& by
) {
    constexpr std::size_t longest_state = 1024;
    if (state.size() > longest_state || !is_valid_utf8(state)) {
        return fail(invalid("state", "A state is at most 1024 bytes of text."));
    }
    return store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const EventStream stream, load(transaction, name_or_id));
        JournalRecord record = record_of(by, scim::events::verification_activity, stream);
        if (!state.empty()) {
            record.details.emplace_back("state", state);
        }
        return transaction.append(std::move(record));
    });
}

Result<EventStream> StreamService::progress(
    const Uuid& id, const std::function<void(EventStream&)>& change
) {
    EventStream stream;
    BASCULE_CHECK(store_.write(Durability::repeatable, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(stream, load(transaction, id.to_string()));
        change(stream);
        BASCULE_TRY(const auto row, transaction.find_row(id));
        BASCULE_TRY(
            [[maybe_unused]] const bool changed,
            row ? transaction.update(row->oid, stream_body(stream), {}, stream.name)
                : Result<bool>(false)
        );
        return {};
    }));
    follow_client(stream);
    return stream;
}

}  // namespace bascule::daemon

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/base/sealed_text.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "scim/events/event_stream.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::daemon {

/// Makes, finds and changes event streams. A stream is an object of the store, so that what its
/// receiver has acknowledged survives the process. Thread-safe.
class StreamService {
  public:
    /// The parts outlive the service.
    /// `key` of the installation (32 bytes): what receivers entrust to a stream is sealed with it.
    StreamService(
        directory::Store& store, const directory::Clock& clock, selfservice::TokenService& tokens,
        const Secret& key
    );

    using EventStream = scim::events::EventStream;
    /// Where a stream begins: at a time in the past, or with what is to come.
    using From = std::optional<Time>;

    /// For a stream whose parts are sealed before it is created.
    [[nodiscard]] Uuid new_id() const { return uuid_v7(clock_.now()); }
    /// The value of an Authorization header for EventStream::authorization; empty for an empty one.
    [[nodiscard]] std::string seal(const Uuid& stream, const Secret& authorization) const;
    /// The way back. `internal`/"authorization_unreadable" when the installation's key is another.
    [[nodiscard]] Result<Secret> authorization_of(const EventStream& stream) const;
    /// The scopes of a stream whose client has these: those that read resources.
    [[nodiscard]] std::vector<std::string> readable(const std::vector<std::string>& scopes) const;

    /// `wanted` has a name, delivery, detail, audience, types, scopes, group and client_name (a
    /// token's name or id; polling needs one with events:read), endpoint and files. Errors:
    /// `invalid_input` naming the field, `not_found` for the token, `conflict`/"name_in_use".
    [[nodiscard]] Result<EventStream> create(
        EventStream wanted, From from, const access::Caller& by
    );
    /// By name.
    [[nodiscard]] Result<std::vector<EventStream>> list();
    /// By name or id; `not_found`.
    [[nodiscard]] Result<EventStream> find(std::string_view name_or_id);
    [[nodiscard]] Status remove(std::string_view name_or_id, const access::Caller& by);
    /// Changes what is told and how; not where the stream stands.
    [[nodiscard]] Status configure(
        std::string_view name_or_id, const access::Caller& by,
        const std::function<Status(EventStream&)>& change
    );
    /// What the stream's client decides: a disabled stream drops what happens meanwhile.
    [[nodiscard]] Status set_state(
        std::string_view name_or_id, scim::events::StreamState state, const access::Caller& by
    );
    /// Stops or continues delivery; nothing is lost meanwhile.
    [[nodiscard]] Status pause(std::string_view name_or_id, bool paused, const access::Caller& by);
    /// Delivers everything since that time again.
    [[nodiscard]] Status replay(std::string_view name_or_id, Time from, const access::Caller& by);
    /// Sends a verification event down the stream.
    [[nodiscard]] Status verify(
        std::string_view name_or_id, std::string_view state, const access::Caller& by
    );

    /// Changes the progress of a stream. May be lost with the power: tokens are then delivered
    /// again. `not_found` when the stream is gone.
    [[nodiscard]] Result<EventStream> progress(
        const Uuid& id, const std::function<void(EventStream&)>& change
    );
    /// Brings up to date what depends on the stream's client: what it may read, and whether it is
    /// one at all. All that give a stream have done so.
    void follow_client(EventStream& stream) const;
    /// Rises with every stream made, changed or removed by an operator.
    [[nodiscard]] std::uint64_t revision() const { return revision_.load(); }

  private:
    [[nodiscard]] Result<EventStream> load(directory::Reader& reader, std::string_view name_or_id)
        const;
    [[nodiscard]] Status change(
        std::string_view name_or_id, std::string activity, const access::Caller& by,
        const std::function<Status(directory::Transaction&, EventStream&)>& change
    );
    [[nodiscard]] Status check_scopes(const std::vector<std::string>& scopes) const;
    [[nodiscard]] Status name_client(EventStream& wanted);

    directory::Store& store_;
    const directory::Clock& clock_;
    selfservice::TokenService& tokens_;
    const Sealer sealer_;
    directory::TypeId type_;
    directory::AttributeId name_attribute_;
    std::atomic<std::uint64_t> revision_{1};
};

}  // namespace bascule::daemon

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/journal.hpp"
#include "directory/ports/store.hpp"
#include "scim/events/change_kind.hpp"
#include "scim/events/event_stream.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim::events {

/// A security event token (RFC 8417) before it is signed.
struct EventToken {
    std::string id;  ///< its `jti`
    TokenPlace place;
    std::string claims;  ///< JSON object
};

/// Turns journal records into security event tokens of RFC 9967. Does no I/O of its own: what it
/// tells of a resource it reads through the reader it is given. Tokens tell the resource as it is
/// when they are made; of two changes that follow closely, both may tell the later state.
class EventComposer {
  public:
    /// `issuer` is the `iss` of every token. The engine outlives the composer.
    EventComposer(const Engine& engine, std::string issuer)
        : engine_(engine), issuer_(std::move(issuer)) {}

    /// The tokens that a record means for a stream, in their order; often none.
    [[nodiscard]] Result<std::vector<EventToken>> compose(
        directory::Reader& reader, const directory::JournalRecord& record, const EventStream& stream
    ) const;

    /// The claims of a completed asynchronous request for the client that sent it.
    [[nodiscard]] std::string completion_claims(
        const directory::JournalRecord& record, std::string id, std::string_view audience
    ) const;

  private:
    using Json = nlohmann::ordered_json;
    struct Draft;
    struct Subject;

    [[nodiscard]] Status compose_change(
        directory::Reader& reader, const ResourceChange& change, Draft& draft
    ) const;
    [[nodiscard]] Status compose_members(
        directory::Reader& reader, const ResourceChange& change, const Subject& subject,
        Draft& draft
    ) const;
    [[nodiscard]] Status compose_feed(
        directory::Reader& reader, const ResourceChange& change, const Subject& subject,
        Draft& draft
    ) const;
    [[nodiscard]] Status compose_update(
        directory::Reader& reader, const ResourceChange& change, const Subject& subject,
        Draft& draft
    ) const;
    [[nodiscard]] Result<Subject> subject_of(
        directory::Reader& reader, const TypeView& view, const Uuid& id
    ) const;
    [[nodiscard]] Result<Json> resource_of(
        directory::Reader& reader, const TypeView& view, const directory::Object& object
    ) const;
    [[nodiscard]] Result<bool> is_in_feed(
        directory::Reader& reader, const EventStream& stream, const ResourceChange& change,
        const Subject& subject
    ) const;
    [[nodiscard]] bool wants(const EventStream& stream, const TypeView& view) const;
    void add(Draft& draft, Json subject, std::string_view uri, Json payload) const;

    const Engine& engine_;
    const std::string issuer_;
};

}  // namespace bascule::scim::events

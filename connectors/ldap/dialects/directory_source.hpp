#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "connectors/ldap/dialects/parts.hpp"
#include "directory/ports/attribute_writer.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::ldap {

/// A configured directory, whatever its dialect: mapping, feed and password ways behind the ports.
///
/// When the configuration does not name the dialect, the feed asks the server at each connection,
/// so that one that is down at the start does no harm. Until then the dialect is the one under
/// which `stored_fingerprint` was made, else OpenLDAP. When the server turns out to be of another
/// kind, the feed's run ends with FeedEnd::other_dialect and mapping and fingerprints are those of
/// the right one from then on. Passwords are never written by a guess: the first use asks the
/// server. Thread-safe.
class DirectorySource {
  public:
    /// `stored_fingerprint` is what Feed::fingerprint() said when the source was mirrored last.
    /// Errors are those of Mapper::compile().
    [[nodiscard]] static Result<std::unique_ptr<DirectorySource>> make(
        SourceOptions options, std::optional<Dialect> configured,
        const std::string& stored_fingerprint, const directory::Registry& registry
    );
    ~DirectorySource();

    [[nodiscard]] const directory::EntryMapper& mapper() const { return *mapper_; }
    [[nodiscard]] directory::PasswordWriter& writer() { return *writer_; }
    [[nodiscard]] directory::PasswordVerifier& verifier() { return *verifier_; }
    [[nodiscard]] directory::AttributeWriter& attributes() { return *attributes_; }
    /// How its servers are reached.
    [[nodiscard]] Reachability::View reach() const { return options_.connection.reach->view(); }
    /// Looks at the directory beside the feed.
    [[nodiscard]] directory::EntryInspector& inspector() { return *inspector_; }
    /// The feed; it refers to this source, which outlives it. To be called once.
    [[nodiscard]] std::unique_ptr<directory::Feed> make_feed();
    /// The dialect in use; a guess until the server was asked.
    [[nodiscard]] Dialect dialect() const { return current_; }

  private:
    class DetectingFeed;
    class DialectMapper;
    class DialectWriter;
    class DialectVerifier;
    class DialectInspector;
    explicit DirectorySource(SourceOptions options);
    [[nodiscard]] Status make_attribute_writer();
    [[nodiscard]] const DialectParts& parts() const { return parts_.at(current_); }
    [[nodiscard]] Result<Dialect> ask(Connection& connection, Deadline deadline) const;
    /// The parts for passwords; asks the server when nobody has yet.
    [[nodiscard]] Result<const DialectParts*> certain_parts(
        Deadline deadline, const std::stop_token& stop = {}
    );

    SourceOptions options_;
    WorkConnection work_;
    std::map<Dialect, DialectParts> parts_;
    std::atomic<Dialect> current_ = Dialect::openldap;
    /// What passwords are written by.
    std::atomic<Dialect> certain_ = Dialect::openldap;
    std::atomic<bool> is_certain_ = false;
    std::unique_ptr<directory::EntryMapper> mapper_;
    std::unique_ptr<directory::PasswordWriter> writer_;
    std::unique_ptr<directory::PasswordVerifier> verifier_;
    std::unique_ptr<directory::AttributeWriter> attributes_;
    std::unique_ptr<directory::EntryInspector> inspector_;
};

}  // namespace bascule::ldap

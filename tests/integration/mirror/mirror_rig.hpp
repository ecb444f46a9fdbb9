#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/ldap/dialects/parts.hpp"
#include "directory/mirror/hold_service.hpp"
#include "directory/mirror/source_runner.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

/// No removal is held.
mirror::GuardLimits open_limits();

/// What a mirror follows, and how.
struct MirrorSetup {
    ldap::SourceOptions source;
    ldap::Dialect dialect = ldap::Dialect::openldap;
    std::string anchor_attribute = "entryUUID";
    mirror::GuardLimits limits = {};
};

/// How a slapd is mirrored by its service account.
ldap::SourceOptions slapd_source(
    const SlapdRig& directory, ldap::Mapping mapping = {}, std::string base = SlapdRig::suffix()
);

/// All of a slapd, as its service account.
[[nodiscard]] MirrorSetup slapd_setup(const SlapdRig& directory, mirror::GuardLimits limits = {});

/// A mirror of a real directory server: its feed, mapping, engine and store as the product puts
/// them together.
class MirrorRig {
  public:
    explicit MirrorRig(
        SlapdRig& directory, mirror::GuardLimits limits = {}, ldap::Mapping mapping = {},
        std::string base = SlapdRig::suffix()
    );
    explicit MirrorRig(MirrorSetup setup);
    ~MirrorRig();
    MirrorRig(const MirrorRig&) = delete;
    MirrorRig& operator=(const MirrorRig&) = delete;

    /// Starts a new runner on the store, as a start of the program does.
    void start();
    void stop();
    [[nodiscard]] mirror::SourceRunner& runner() { return *runner_; }
    [[nodiscard]] mirror::SourceStatus status() const { return runner_->snapshot(); }
    [[nodiscard]] directory::Store& store() { return *store_; }
    [[nodiscard]] const ldap::Mapper& mapper() const { return *parts_.mapper; }

    /// Polls until `condition` holds; false after 30 s.
    [[nodiscard]] static bool wait(const std::function<bool()>& condition);
    [[nodiscard]] bool wait_live();
    /// Duplicates of a userName are settled by who came first, which a later reader cannot know.
    enum class Duplicates { told, ignored };
    /// Polls until the store equals the directory; what still differs after 30 s.
    [[nodiscard]] std::vector<std::string> wait_equal(Duplicates duplicates = Duplicates::told);

    /// What is served for this DN; empty text when nothing is.
    [[nodiscard]] std::string document(std::string_view dn);
    [[nodiscard]] std::optional<directory::MirrorEntry> entry(std::string_view dn);
    /// Direct members by display.
    [[nodiscard]] std::vector<std::string> members(std::string_view group_dn);
    /// The store's newest journal number: unchanged when nothing was written.
    [[nodiscard]] std::int64_t last_sequence();
    /// How many objects were ever taken away.
    [[nodiscard]] std::size_t deletes();
    /// Every group that a user is in, direct and indirect, by display.
    [[nodiscard]] std::vector<std::string> groups_of(std::string_view dn);
    /// Gives the source another cookie while no runner runs.
    void store_cookie(const std::string& cookie);

  private:
    [[nodiscard]] ldap::DialectParts make_parts();
    /// Everything below the base, by a plain search.
    [[nodiscard]] std::vector<directory::SourceEntry> read_directory() const;
    [[nodiscard]] std::vector<std::string> differences();
    void read(const std::function<void(directory::Reader&)>& work);

    MirrorSetup setup_;
    std::string folder_;
    directory::Clock& clock_;
    ldap::WorkConnection work_;
    ldap::DialectParts parts_;
    std::unique_ptr<directory::Store> store_;
    std::unique_ptr<mirror::SourceRunner> runner_;
};

}  // namespace bascule::test

#include "connectors/ldap/dialects/directory_source.hpp"

#include <array>
#include <utility>

#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/password_errors.hpp"
#include "connectors/ldap/phone_writer.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;
using std::chrono::steady_clock;

namespace {

constexpr std::array all_dialects{
    Dialect::openldap, Dialect::ds389, Dialect::active_directory, Dialect::generic};

}  // namespace

class DirectorySource::DialectMapper final : public directory::EntryMapper {
  public:
    explicit DialectMapper(const DirectorySource& source) : source_(source) {}
    directory::MappedEntry map(const directory::SourceEntry& entry) const override {
        return source_.parts().mapper->map(entry);
    }
    bool fills(directory::TypeId type, const directory::AttributePath& path) const override {
        return source_.parts().mapper->fills(type, path);
    }
    std::vector<directory::RuleTrace> trace(
        directory::TypeId type, const directory::AttributePath& path,
        const directory::SourceEntry* entry
    ) const override {
        return source_.parts().mapper->trace(type, path, entry);
    }
    const std::vector<std::string>& member_attributes() const override {
        return source_.parts().mapper->member_attributes();
    }
    std::string fingerprint() const override { return source_.parts().mapper->fingerprint(); }

  private:
    const DirectorySource& source_;
};

/// Asks the server for its dialect at each run when there is a choice, then runs that dialect's
/// feed.
class DirectorySource::DetectingFeed final : public directory::Feed {
  public:
    explicit DetectingFeed(DirectorySource& source) : source_(source) {}

    FeedResult run(
        const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
    ) override {
        if (source_.parts_.size() > 1) {
            const auto found = ask(stop);
            if (!found) {
                return failed_run(found.error(), stop);
            }
            if (source_.current_.exchange(*found) != *found) {
                return {
                    FeedEnd::other_dialect,
                    Error{
                        ErrorKind::conflict,
                        "other_dialect",
                        "The directory server is of another kind than before.",
                        {},
                        std::string(name_of(*found)),
                        {}}};
            }
        }
        return source_.parts().feed->run(start, sink, stop);
    }
    std::string fingerprint() const override { return source_.parts().feed->fingerprint(); }

  private:
    Result<Dialect> ask(const std::stop_token& stop) {
        const auto deadline = connecting_deadline(source_.options_.connection);
        BASCULE_TRY(
            auto connection, Connection::open_bound(source_.options_.connection, deadline, stop)
        );
        return source_.ask(connection, deadline);
    }

    DirectorySource& source_;
};

class DirectorySource::DialectWriter final : public directory::PasswordWriter {
  public:
    explicit DialectWriter(DirectorySource& source) : source_(source) {}
    Result<directory::PasswordPolicy> policy(const std::string& dn, Deadline deadline) override {
        BASCULE_TRY(auto* const writer, certain(deadline));
        return writer->policy(dn, deadline);
    }
    Result<directory::AccountState> account_state(const std::string& dn, Deadline deadline)
        override {
        BASCULE_TRY(auto* const writer, certain(deadline));
        return writer->account_state(dn, deadline);
    }
    Status reset(
        const std::string& dn, const Secret& password, directory::MustChange must_change,
        Deadline deadline
    ) override {
        BASCULE_TRY(auto* const writer, certain(deadline));
        return writer->reset(dn, password, must_change, deadline);
    }
    Status change(
        const std::string& dn, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    ) override {
        BASCULE_TRY(auto* const writer, certain(deadline));
        return writer->change(dn, old_password, new_password, deadline);
    }
    Status unlock(const std::string& dn, Deadline deadline) override {
        BASCULE_TRY(auto* const writer, certain(deadline));
        return writer->unlock(dn, deadline);
    }

  private:
    Result<directory::PasswordWriter*> certain(Deadline deadline) {
        const auto parts = source_.certain_parts(deadline);
        if (!parts) {
            return fail(writeback_failure(parts.error(), false));
        }
        return (*parts)->writer.get();
    }

    DirectorySource& source_;
};

class DirectorySource::DialectVerifier final : public directory::PasswordVerifier {
  public:
    explicit DialectVerifier(DirectorySource& source) : source_(source) {}
    Result<directory::SignInVerdict> verify(
        const std::string& dn, const Secret& password, directory::PasswordWriter::Deadline deadline
    ) override {
        BASCULE_TRY(const auto* const parts, source_.certain_parts(deadline));
        return parts->verifier->verify(dn, password, deadline);
    }
    std::optional<std::uint32_t> lockout_threshold() override {
        const auto parts = source_.certain_parts(
            steady_clock::now() + source_.options_.connection.operation_timeout
        );
        return parts ? (*parts)->verifier->lockout_threshold() : std::nullopt;
    }

  private:
    DirectorySource& source_;
};

class DirectorySource::DialectInspector final : public directory::EntryInspector {
  public:
    explicit DialectInspector(DirectorySource& source) : source_(source) {}
    Result<directory::Inspection> look_at(
        const std::string& dn, Deadline deadline, std::stop_token stop
    ) override {
        BASCULE_TRY(const auto* const parts, source_.certain_parts(deadline, stop));
        return parts->inspector->look_at(dn, deadline, std::move(stop));
    }
    Result<directory::Inspection> look_for(
        const Uuid& anchor, Deadline deadline, std::stop_token stop
    ) override {
        BASCULE_TRY(const auto* const parts, source_.certain_parts(deadline, stop));
        return parts->inspector->look_for(anchor, deadline, std::move(stop));
    }
    Result<Listing> list(const std::function<Status(Listed)>& take, std::stop_token stop) override {
        const auto deadline = connecting_deadline(source_.options_.connection);
        BASCULE_TRY(const auto* const parts, source_.certain_parts(deadline, stop));
        return parts->inspector->list(take, std::move(stop));
    }

  private:
    DirectorySource& source_;
};

DirectorySource::DirectorySource(SourceOptions options)
    : options_(std::move(options)),
      work_(options_.connection),
      mapper_(std::make_unique<DialectMapper>(*this)),
      writer_(std::make_unique<DialectWriter>(*this)),
      verifier_(std::make_unique<DialectVerifier>(*this)),
      inspector_(std::make_unique<DialectInspector>(*this)) {}

DirectorySource::~DirectorySource() = default;

Result<std::unique_ptr<DirectorySource>> DirectorySource::make(
    SourceOptions options, std::optional<Dialect> configured, const std::string& stored_fingerprint,
    const directory::Registry& registry
) {
    std::unique_ptr<DirectorySource> source(new DirectorySource(std::move(options)));
    for (const Dialect dialect : all_dialects) {
        if (configured.value_or(dialect) != dialect) {
            continue;
        }
        BASCULE_TRY(
            DialectParts parts, make_parts(dialect, source->options_, source->work_, registry)
        );
        const bool known = parts.feed->fingerprint() == stored_fingerprint;
        source->parts_.emplace(dialect, std::move(parts));
        if (known || configured) {
            source->current_ = dialect;
        }
    }
    if (configured) {
        source->certain_ = *configured;
        source->is_certain_ = true;
    }
    BASCULE_CHECK(source->make_attribute_writer());
    return source;
}

/// By the rules of the dialect that is configured or known; phone numbers have the same in all.
Status DirectorySource::make_attribute_writer() {
    const auto users = with_defaults(options_.mapping.users, default_mapping(current_).users);
    BASCULE_TRY(auto rules, phone_rules(users, options_.written_phones));
    attributes_ = std::make_unique<PhoneWriter>(work_, std::move(rules), [this] {
        return PhoneWriter::Mirror{parts().mapper->wanted_attributes(), parts().mapper.get()};
    });
    return {};
}

std::unique_ptr<directory::Feed> DirectorySource::make_feed() {
    return std::make_unique<DetectingFeed>(*this);
}

Result<Dialect> DirectorySource::ask(Connection& connection, Deadline deadline) const {
    BASCULE_TRY(const auto root, read_root_entry(connection, deadline));
    const auto found = detect_dialect(root);
    if (!found) {
        log::warning(
            "dialect_unknown",
            "The root entry of the directory server cannot be read, so its kind is a guess; set "
            "sources[].dialect.",
            {{"server", connection.server()}, {"dialect", std::string(name_of(current_))}}
        );
    }
    return found.value_or(current_);
}

Result<const DialectParts*> DirectorySource::certain_parts(
    Deadline deadline, const std::stop_token& stop
) {
    if (!is_certain_) {
        const auto look = [&](Connection& connection) { return ask(connection, deadline); };
        BASCULE_TRY(const Dialect found, work_.run<Dialect>(deadline, look, stop));
        certain_ = found;
        is_certain_ = true;
    }
    return &parts_.at(certain_);
}

}  // namespace bascule::ldap

#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "directory/authority/authority.hpp"
#include "directory/base/json_text.hpp"
#include "directory/model/internal_types.hpp"
#include "scim/schema/schema.hpp"
#include "selfservice/apps/application_service.hpp"
#include "selfservice/password/password_service.hpp"
#include "selfservice/signins/session_service.hpp"
#include "selfservice/staff/staff_service.hpp"
#include "selfservice/tokens/token_service.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::test {

using directory::EdgeKind;
using directory::JournalRecord;
using directory::Oid;
using directory::SourceId;

/// A clock that stands until it is told to move. Thread-safe.
class SteppingClock final : public directory::Clock {
  public:
    Time now() const override { return Time(std::chrono::milliseconds(millis_.load())); }
    void advance(std::chrono::seconds by) { millis_ += std::chrono::milliseconds(by).count(); }

  private:
    std::atomic<std::int64_t> millis_{1'800'000'000'000};
};

/// The configured sources of a test.
class Directories final : public directory::WriteBackDirectory {
  public:
    std::optional<directory::WriteBack> find(SourceId source) const override {
        if (entries_.empty() || source != source_) {
            return std::nullopt;
        }
        return entries_.front();
    }
    std::vector<directory::WriteBack> all() const override { return entries_; }
    void set(SourceId source, const directory::WriteBack& offer) {
        source_ = source;
        entries_ = {offer};
    }
    void clear() { entries_.clear(); }

  private:
    SourceId source_ = SourceId::local;
    std::vector<directory::WriteBack> entries_;
};

inline void require(const Status& status) {
    if (!status) {
        throw std::runtime_error(
            status.error().code + ": " + status.error().detail + " " + status.error().context
        );
    }
}

template <class T>
T value_of(Result<T> result) {
    if (!result) {
        throw std::runtime_error(
            result.error().code + ": " + result.error().detail + " " + result.error().context
        );
    }
    return std::move(*result);
}

/// The code of a failure, or "ok".
template <class T>
std::string code_of(const Result<T>& result) {
    return result ? "ok" : result.error().code;
}

inline Secret secret(std::string text) {
    return Secret(std::move(text));
}

/// A store with the real schemas and every self-service part over it, in a throw-away folder.
class Company {
  public:
    explicit Company(selfservice::StaffAccess access = {}) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "bascule-selfservice-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        schemas_ = value_of(scim::SchemaRegistry::load_builtin());
        require(schemas_->register_types(registry_));
        directory::register_internal_types(registry_);
        store_ =
            value_of(store::open_sqlite_store({(folder_ / "store.db").string()}, registry_, clock));
        corp = value_of(store_->register_source("corp"));
        authority_.emplace(std::unordered_map<SourceId, authority::Master>{
            {corp, authority::Master{"corp", nullptr}}});
        credentials.emplace(registry_);
        throttle.emplace(clock, selfservice::SignInThrottle::Limits{});
        sessions.emplace(
            *store_, *credentials, directories, *throttle, clock,
            selfservice::SessionService::Lifetimes{}
        );
        tokens.emplace(*store_, clock);
        staff.emplace(*store_, *credentials, *sessions, directories, std::move(access));
        passwords.emplace(*store_, *credentials, *sessions, *throttle, directories);
        applications.emplace(*store_, *authority_);
    }
    ~Company() {
        tokens.reset();  // writes what it has noted
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    Company(const Company&) = delete;
    Company& operator=(const Company&) = delete;

    directory::Store& store() { return *store_; }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

    void write(const std::function<Status(directory::Transaction&)>& fn) {
        require(store_->write(directory::Durability::repeatable, fn));
    }

    Uuid add(
        const std::string& type, const std::string& display, const std::string& members,
        SourceId source = SourceId::local
    ) {
        const Uuid id = uuid_v5(Uuid{}, type + "/" + display);
        std::string body = R"({"schemas":[],"id":")" + id.to_string() + "\"" +
                           (members.empty() ? "" : "," + members) + "}";
        write([&](directory::Transaction& transaction) -> Status {
            auto oid = transaction.create({id, registry_.type(type), source, display, body, ""});
            return oid ? Status{} : Status(fail(oid.error()));
        });
        return id;
    }

    Uuid add_user(
        const std::string& name, const std::string& more = "", SourceId source = SourceId::local
    ) {
        return add(
            "User", name, R"("userName":")" + name + R"(","displayName":")" + name + "\"" + more,
            source
        );
    }
    Uuid add_local_user(
        const std::string& name, const std::string& password, const std::string& more = ""
    ) {
        const Uuid id = add_user(name, more);
        const std::string hash = value_of(credentials->hash(secret(password), {}));
        write([&](directory::Transaction& transaction) {
            return credentials->put(transaction, id, hash, directory::MustChange::no);
        });
        return id;
    }
    /// A mirrored user whose entry has this DN.
    Uuid add_synced_user(
        const std::string& name, const std::string& dn, const std::string& more = ""
    ) {
        const Uuid id = add_user(name, more, corp);
        write([&](directory::Transaction& transaction) -> Status {
            directory::MirrorEntry entry;
            entry.oid = oid_of(transaction, id);
            entry.source = corp;
            entry.anchor = id;
            entry.dn = dn;
            entry.dn_key = dn;
            return transaction.put_entry(entry);
        });
        return id;
    }
    Uuid add_unit(const std::string& name, bool restricted = false) {
        return add(
            "AdministrativeUnit", name,
            R"("displayName":")" + name + "\"" + (restricted ? R"(,"restricted":true)" : "")
        );
    }
    Uuid add_group(
        const std::string& name, SourceId source = SourceId::local, bool role_assignable = false
    ) {
        const std::string extension =
            R"(,"urn:bascule:params:scim:schemas:extension:2.0:Group":{"roleAssignable":true})";
        return add(
            "Group", name, R"("displayName":")" + name + "\"" + (role_assignable ? extension : ""),
            source
        );
    }
    Uuid assign(
        const std::string& role, const Uuid& principal, std::optional<Uuid> unit = std::nullopt
    ) {
        std::string members =
            R"("role":")" + role + R"(","principal":{"value":")" + principal.to_string() + R"("})";
        if (unit) {
            members += R"(,"scope":{"value":")" + unit->to_string() + R"("})";
        }
        return add(
            "RoleAssignment", role + principal.to_string() + (unit ? unit->to_string() : ""),
            members
        );
    }
    void link(EdgeKind kind, const Uuid& from, const Uuid& to) {
        write([&](directory::Transaction& transaction) -> Status {
            auto added =
                transaction.add_edge(kind, oid_of(transaction, from), oid_of(transaction, to));
            return added ? Status{} : Status(fail(added.error()));
        });
    }
    void remove(const Uuid& id) {
        write([&](directory::Transaction& transaction) {
            return transaction.remove(oid_of(transaction, id));
        });
    }
    void set_body(const Uuid& id, const std::string& from, const std::string& to) {
        write([&](directory::Transaction& transaction) -> Status {
            auto object = value_of(transaction.find(id)).value();
            object.body.replace(object.body.find(from), from.size(), to);
            auto changed =
                transaction.update(object.row.oid, object.body, object.local, object.row.display);
            return changed ? Status{} : Status(fail(changed.error()));
        });
    }

    std::vector<JournalRecord> journal(const std::string& activity = "") {
        std::vector<JournalRecord> records;
        require(store_->read([&](directory::Reader& reader) -> Status {
            directory::JournalQuery query;
            query.activity = activity;
            query.limit = 1000;
            BASCULE_TRY(records, reader.journal(query));
            return {};
        }));
        return records;
    }

    access::Caller caller(const Uuid& id, const std::string& name = "manager") const {
        access::Caller caller;
        caller.actor = {directory::ActorKind::user, id, name};
        caller.source_address = "10.1.2.3";
        caller.request_id = "request-1";
        return caller;
    }
    static selfservice::SessionService::Deadline soon() {
        return std::chrono::steady_clock::now() + std::chrono::seconds{20};
    }
    Result<selfservice::SignedIn> sign_in(
        const std::string& name, const std::string& password,
        const std::string& address = "10.0.0.1"
    ) {
        return sessions->sign_in(name, secret(password), {address, "request-2", "tests"}, soon());
    }
    Result<selfservice::ResetOutcome> reset(
        const Uuid& manager, const Uuid& target, std::optional<std::string> password = std::nullopt,
        const std::string& key = ""
    ) {
        std::optional<Secret> typed;
        if (password) {
            typed = secret(*password);
        }
        return staff->reset_password(caller(manager), target, std::move(typed), {key}, soon());
    }

    SteppingClock clock;
    Directories directories;
    SourceId corp{};
    std::optional<selfservice::Argon2Credentials> credentials;
    std::optional<selfservice::SignInThrottle> throttle;
    std::optional<selfservice::SessionService> sessions;
    std::optional<selfservice::TokenService> tokens;
    std::optional<selfservice::StaffService> staff;
    std::optional<selfservice::PasswordService> passwords;
    std::optional<selfservice::ApplicationService> applications;

  private:
    static Oid oid_of(directory::Reader& reader, const Uuid& id) {
        return value_of(reader.find_row(id)).value().oid;
    }

    std::filesystem::path folder_;
    directory::Registry registry_;
    std::unique_ptr<scim::SchemaRegistry> schemas_;
    std::unique_ptr<directory::Store> store_;
    std::optional<authority::Authority> authority_;
};

}  // namespace bascule::test

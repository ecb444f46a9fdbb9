#include "connectors/ldap/kerberos.hpp"

#include <fmt/format.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <sys/stat.h>

#include <ctime>
#include <map>
#include <mutex>

namespace bascule::ldap {
namespace {

constexpr std::time_t renew_before = 600;

/// A context with everything that one fetching of tickets needs.
class Fetch {
  public:
    Fetch() { krb5_init_context(&context_); }
    ~Fetch() {
        if (context_ == nullptr) {
            return;
        }
        if (has_tickets_) {
            krb5_free_cred_contents(context_, &tickets_);
        }
        if (cache_ != nullptr) {
            krb5_cc_close(context_, cache_);
        }
        if (principal_ != nullptr) {
            krb5_free_principal(context_, principal_);
        }
        if (keytab_ != nullptr) {
            krb5_kt_close(context_, keytab_);
        }
        krb5_free_context(context_);
    }
    Fetch(const Fetch&) = delete;
    Fetch& operator=(const Fetch&) = delete;

    /// Fills the cache and returns when the tickets end.
    Result<std::time_t> run(
        const std::string& path, const std::string& name, const std::string& cache
    ) {
        if (context_ == nullptr) {
            return failed(KRB5_CONFIG_CANTOPEN);
        }
        krb5_error_code code = krb5_kt_resolve(context_, ("FILE:" + path).c_str(), &keytab_);
        code = code != 0 ? code : find_principal(name);
        if (code == 0) {
            code = krb5_get_init_creds_keytab(
                context_, &tickets_, principal_, keytab_, 0, nullptr, nullptr
            );
            has_tickets_ = code == 0;
        }
        code = code != 0 ? code : krb5_cc_resolve(context_, cache.c_str(), &cache_);
        code = code != 0 ? code : krb5_cc_initialize(context_, cache_, principal_);
        code = code != 0 ? code : krb5_cc_store_cred(context_, cache_, &tickets_);
        if (code != 0) {
            return failed(code);
        }
        return static_cast<std::time_t>(static_cast<std::uint32_t>(tickets_.times.endtime));
    }

  private:
    krb5_error_code find_principal(const std::string& name) {
        if (!name.empty()) {
            return krb5_parse_name(context_, name.c_str(), &principal_);
        }
        krb5_kt_cursor cursor = nullptr;
        krb5_error_code code = krb5_kt_start_seq_get(context_, keytab_, &cursor);
        if (code != 0) {
            return code;
        }
        krb5_keytab_entry entry{};
        code = krb5_kt_next_entry(context_, keytab_, &entry, &cursor);
        if (code == 0) {
            code = krb5_copy_principal(context_, entry.principal, &principal_);
            krb5_free_keytab_entry_contents(context_, &entry);
        }
        krb5_kt_end_seq_get(context_, keytab_, &cursor);
        return code;
    }

    Result<std::time_t> failed(krb5_error_code code) {
        const char* text = context_ == nullptr ? nullptr : krb5_get_error_message(context_, code);
        const std::string reason = text == nullptr ? "Kerberos is not set up here" : text;
        if (text != nullptr) {
            krb5_free_error_message(context_, text);
        }
        return fail(Error{
            ErrorKind::unavailable,
            "directory_kerberos",
            "No Kerberos ticket could be had with sources[].bind.keytab: " + reason + ".",
            {},
            reason,
            {}});
    }

    krb5_context context_ = nullptr;
    krb5_keytab keytab_ = nullptr;
    krb5_principal principal_ = nullptr;
    krb5_ccache cache_ = nullptr;
    krb5_creds tickets_{};
    bool has_tickets_ = false;
};

struct Kept {
    std::timed_mutex fetching;
    int number = 0;
    std::string cache;
    std::time_t ends = 0;
    std::pair<std::time_t, long> keytab_time;  ///< seconds and nanoseconds
    std::uint64_t keytab_file = 0;
};

/// What is kept for a keytab and a principal, for ever: a thread may still be fetching when the
/// process ends.
Kept& kept_for(const std::string& keytab, const std::string& principal) {
    static std::mutex mutex;
    static auto& all = *new std::map<std::pair<std::string, std::string>, Kept>;
    const std::scoped_lock lock(mutex);
    const auto [place, added] = all.try_emplace({keytab, principal});
    if (added) {
        place->second.number = static_cast<int>(all.size());
    }
    return place->second;
}

/// The cache with tickets of this keytab that are good for a while.
Result<std::string> cache_of(
    const std::string& keytab, const std::string& principal,
    std::chrono::steady_clock::time_point deadline
) {
    struct stat file {};
    ::stat(keytab.c_str(), &file);
    const std::pair changed(file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
    auto& kept = kept_for(keytab, principal);
    const std::unique_lock lock(kept.fetching, deadline);
    if (!lock.owns_lock()) {
        return fail(kerberos_unanswered(keytab));
    }
    const bool same = kept.keytab_time == changed && kept.keytab_file == file.st_ino;
    if (same && std::time(nullptr) < kept.ends - renew_before) {
        return kept.cache;
    }
    // Two in turn: somebody may still be binding with what is there.
    const bool even = kept.cache.ends_with("a");
    const auto cache = fmt::format("MEMORY:bascule-{}{}", kept.number, even ? 'b' : 'a');
    Fetch fetch;
    BASCULE_TRY(kept.ends, fetch.run(keytab, principal, cache));
    kept.cache = cache;
    kept.keytab_time = changed;
    kept.keytab_file = file.st_ino;
    return kept.cache;
}

}  // namespace

Error kerberos_unanswered(const std::string& server) {
    return Error{
        ErrorKind::unavailable,
        "directory_kerberos",
        fmt::format(
            "No Kerberos ticket for the directory server {} could be had in time: the Kerberos "
            "servers (KDC) do not answer. Check [realms] of /etc/krb5.conf, the DNS, and whether "
            "port 88 can be reached.",
            server
        ),
        {},
        server + ": no answer from Kerberos",
        {}};
}

Result<std::unique_ptr<KerberosTickets>> KerberosTickets::use(
    const std::string& keytab, const std::string& principal,
    std::chrono::steady_clock::time_point deadline
) {
    std::string cache;
    if (!keytab.empty()) {
        BASCULE_TRY(cache, cache_of(keytab, principal, deadline));
    }
    return std::unique_ptr<KerberosTickets>(new KerberosTickets(cache));
}

KerberosTickets::KerberosTickets(const std::string& cache) : switched_(!cache.empty()) {
    OM_uint32 minor = 0;
    if (switched_) {
        gss_krb5_ccache_name(&minor, cache.c_str(), nullptr);
    }
}

KerberosTickets::~KerberosTickets() {
    OM_uint32 minor = 0;
    if (switched_) {
        gss_krb5_ccache_name(&minor, nullptr, nullptr);
    }
}

}  // namespace bascule::ldap

// The requests of a Connection: what is sent, in one place.
#include <fmt/format.h>
#include <ldap.h>

#include <array>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/entry_decoder.hpp"
#include "connectors/ldap/errors.hpp"

namespace bascule::ldap {
namespace {

berval to_berval(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}

/// The password policy control as libldap wants it: not critical, without a value.
class PolicyControl {
  public:
    PolicyControl() : oid_(LDAP_CONTROL_PASSWORDPOLICYREQUEST) {
        control_.ldctl_oid = oid_.data();
        list_ = {&control_, nullptr};
    }
    PolicyControl(const PolicyControl&) = delete;
    PolicyControl& operator=(const PolicyControl&) = delete;
    LDAPControl** list() { return list_.data(); }

  private:
    std::string oid_;
    LDAPControl control_{};
    std::array<LDAPControl*, 2> list_{};
};

/// The arrays of pointers that ldap_modify_ext wants.
struct Modifications {
    explicit Modifications(const std::vector<Replacement>& changes)
        : values(changes.size()), pointers(changes.size()), mods(changes.size()) {
        for (std::size_t i = 0; i < changes.size(); ++i) {
            for (const auto value : changes[i].values) {
                values[i].push_back(to_berval(value));
            }
            for (auto& value : values[i]) {
                pointers[i].push_back(&value);
            }
            pointers[i].push_back(nullptr);
            mods[i].mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
            mods[i].mod_type = const_cast<char*>(changes[i].attribute.c_str());
            if (!values[i].empty()) {
                mods[i].mod_vals.modv_bvals = pointers[i].data();
            }
            list.push_back(&mods[i]);
        }
        list.push_back(nullptr);
    }
    std::vector<std::vector<berval>> values;
    std::vector<std::vector<berval*>> pointers;
    std::vector<LDAPMod> mods;
    std::vector<LDAPMod*> list;
};

std::vector<char*> attribute_pointers(const std::vector<std::string>& attributes) {
    std::vector<char*> pointers;
    for (const auto& attribute : attributes) {
        pointers.push_back(const_cast<char*>(attribute.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

int native(SearchScope scope) {
    return scope == SearchScope::base ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
}

/// The value of a Password Modify request (RFC 3062); it holds passwords and is wiped by its owner.
Secret password_modify_value(
    const std::string& dn, const Secret& old_password, const Secret& new_password
) {
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 1); }
    );
    const auto put = [&](ber_tag_t tag, std::string_view text) {
        ber_printf(element.get(), "to", tag, text.data(), static_cast<ber_len_t>(text.size()));
    };
    ber_printf(element.get(), "{");
    put(LDAP_TAG_EXOP_MODIFY_PASSWD_ID, dn);
    if (!old_password.empty()) {
        put(LDAP_TAG_EXOP_MODIFY_PASSWD_OLD, old_password.reveal());
    }
    put(LDAP_TAG_EXOP_MODIFY_PASSWD_NEW, new_password.reveal());
    ber_printf(element.get(), "}");
    berval value{};
    ber_flatten2(element.get(), &value, 0);
    Secret copy(std::string(value.bv_val, value.bv_len));
    std::fill_n(static_cast<volatile char*>(value.bv_val), value.bv_len, '\0');
    return copy;
}

}  // namespace

Result<Outcome> Connection::bind(const std::string& dn, const Secret& password, Deadline deadline) {
    auto credential = to_berval(password.reveal());
    PolicyControl policy;
    int id = 0;
    const int code = ldap_sasl_bind(
        handle(), dn.c_str(), LDAP_SASL_SIMPLE, &credential, policy.list(), nullptr, &id
    );
    BASCULE_TRY(id, started(code, id, "binding"));
    return finish(id, deadline);
}

Result<Outcome> Connection::modify(
    const std::string& dn, const std::vector<Replacement>& changes, Deadline deadline
) {
    Modifications modifications(changes);
    PolicyControl policy;
    int id = 0;
    const int code = ldap_modify_ext(
        handle(), dn.c_str(), modifications.list.data(), policy.list(), nullptr, &id
    );
    BASCULE_TRY(id, started(code, id, "modifying"));
    return finish(id, deadline);
}

Result<Outcome> Connection::change_password(
    const std::string& dn, const Secret& old_password, const Secret& new_password, Deadline deadline
) {
    const auto value = password_modify_value(dn, old_password, new_password);
    auto request = to_berval(value.reveal());
    PolicyControl policy;
    int id = 0;
    const int code = ldap_extended_operation(
        handle(), LDAP_EXOP_MODIFY_PASSWD, &request, policy.list(), nullptr, &id
    );
    BASCULE_TRY(id, started(code, id, "changing a password"));
    return finish(id, deadline);
}

Result<int> Connection::start_search(const SearchRequest& request) {
    auto attributes = attribute_pointers(request.attributes);
    int id = 0;
    const int code = ldap_search_ext(
        handle(), request.base.c_str(), native(request.scope), request.filter.c_str(),
        request.attributes.empty() ? nullptr : attributes.data(), 0, nullptr, nullptr, nullptr, 0,
        &id
    );
    return started(code, id, "searching");
}

Result<std::optional<directory::SourceEntry>> Connection::next_entry(
    int id, const SearchRequest& request, Deadline deadline, std::size_t& references
) {
    while (true) {
        BASCULE_TRY(const auto message, next_message(id, deadline));
        if (!message) {
            return fail(broken(LDAP_TIMEOUT, "searching"));
        }
        if (ldap_msgtype(message.get()) == LDAP_RES_SEARCH_REFERENCE) {
            ++references;
            count_referral();
        }
        if (ldap_msgtype(message.get()) == LDAP_RES_SEARCH_ENTRY) {
            BASCULE_TRY(auto entry, decode_entry(handle(), message));
            return std::optional(std::move(entry));
        }
        if (ldap_msgtype(message.get()) == LDAP_RES_SEARCH_RESULT) {
            BASCULE_TRY(const auto outcome, outcome_of(message.get()));
            if (!outcome.success()) {
                return fail(error_from_result(
                    outcome.code, outcome.diagnostic, fmt::format("searching {}", request.base)
                ));
            }
            return std::optional<directory::SourceEntry>();
        }
    }
}

Result<std::vector<directory::SourceEntry>> Connection::search(
    const SearchRequest& request, Deadline deadline
) {
    BASCULE_TRY(const int id, start_search(request));
    std::vector<directory::SourceEntry> entries;
    std::size_t references = 0;
    while (true) {
        BASCULE_TRY(auto entry, next_entry(id, request, deadline, references));
        if (!entry) {
            return entries;
        }
        entries.push_back(*std::move(entry));
    }
}

Result<std::size_t> Connection::search_each(
    const SearchRequest& request, std::chrono::milliseconds patience,
    const std::function<Status(directory::SourceEntry)>& take
) {
    BASCULE_TRY(const int id, start_search(request));
    std::size_t references = 0;
    while (true) {
        BASCULE_TRY(
            auto entry,
            next_entry(id, request, std::chrono::steady_clock::now() + patience, references)
        );
        if (!entry) {
            return references;
        }
        if (auto status = take(*std::move(entry)); !status) {
            ldap_abandon_ext(handle(), id, nullptr, nullptr);
            return fail(std::move(status).error());
        }
    }
}

Result<int> Connection::start_sync(
    const SearchRequest& request, std::string_view cookie, SyncMode mode
) {
    auto attributes = attribute_pointers(request.attributes);
    const auto value = encode_sync_request(mode, cookie);
    std::string oid = LDAP_CONTROL_SYNC;
    LDAPControl control{oid.data(), to_berval(value), 1};
    std::array<LDAPControl*, 2> controls{&control, nullptr};
    int id = 0;
    const int code = ldap_search_ext(
        handle(), request.base.c_str(), native(request.scope), request.filter.c_str(),
        attributes.data(), 0, controls.data(), nullptr, nullptr, 0, &id
    );
    return started(code, id, "starting synchronisation");
}

}  // namespace bascule::ldap

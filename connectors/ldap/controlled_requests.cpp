#include "connectors/ldap/controlled_requests.hpp"

#include <fmt/format.h>
#include <lber.h>
#include <ldap.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "connectors/ldap/entry_decoder.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/page_size.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::steady_clock;

berval to_berval(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}

/// Controls as the library wants them; they refer to the vector that was given.
class ControlList {
  public:
    explicit ControlList(const std::vector<Control>& controls) : controls_(controls.size()) {
        for (std::size_t i = 0; i < controls.size(); ++i) {
            controls_[i].ldctl_oid = const_cast<char*>(controls[i].oid.c_str());
            if (!controls[i].value.empty()) {
                controls_[i].ldctl_value = to_berval(controls[i].value);
            }
            controls_[i].ldctl_iscritical = controls[i].critical ? 1 : 0;
            list_.push_back(&controls_[i]);
        }
        list_.push_back(nullptr);
    }
    LDAPControl** list() { return list_.data(); }

  private:
    std::vector<LDAPControl> controls_;
    std::vector<LDAPControl*> list_;
};

std::vector<Control> controls_of(Connection& connection, LDAPMessage* message) {
    LDAPControl** found = nullptr;
    ldap_parse_result(connection.handle(), message, nullptr, nullptr, nullptr, nullptr, &found, 0);
    const std::unique_ptr<LDAPControl*, void (*)(LDAPControl**)> owner(found, ldap_controls_free);
    std::vector<Control> controls;
    for (LDAPControl** one = found; one != nullptr && *one != nullptr; ++one) {
        const berval& value = (*one)->ldctl_value;
        controls.push_back(
            {(*one)->ldctl_oid,
             value.bv_val == nullptr ? std::string() : std::string(value.bv_val, value.bv_len),
             (*one)->ldctl_iscritical != 0}
        );
    }
    return controls;
}

Result<int> start_search(
    Connection& connection, const SearchRequest& request, const std::vector<Control>& controls
) {
    std::vector<char*> attributes;
    for (const auto& attribute : request.attributes) {
        attributes.push_back(const_cast<char*>(attribute.c_str()));
    }
    attributes.push_back(nullptr);
    ControlList list(controls);
    int id = 0;
    const int code = ldap_search_ext(
        connection.handle(), request.base.c_str(),
        request.scope == SearchScope::base ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE,
        request.filter.c_str(), request.attributes.empty() ? nullptr : attributes.data(), 0,
        list.list(), nullptr, nullptr, 0, &id
    );
    if (code != LDAP_SUCCESS) {
        return fail(error_from_handle(connection.handle(), code, "searching " + request.base));
    }
    return id;
}

std::string encode_page_request(std::uint32_t size, std::string_view cookie) {
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 1); }
    );
    ber_printf(
        element.get(), "{io}", static_cast<ber_int_t>(size), cookie.data(),
        static_cast<ber_len_t>(cookie.size())
    );
    berval value{};
    ber_flatten2(element.get(), &value, 0);
    return {value.bv_val, value.bv_len};
}

/// The cookie of a page's answer; empty after the last page.
std::string decode_page_cookie(std::string_view bytes) {
    std::string copy(bytes);
    copy.push_back('\0');  // liblber ends what it finds with a zero byte in place
    berval input{bytes.size(), copy.data()};
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 0); }
    );
    ber_init2(element.get(), &input, LBER_USE_DER);
    ber_int_t size = 0;
    berval cookie{};
    if (ber_scanf(element.get(), "{im}", &size, &cookie) == LBER_ERROR) {
        return {};
    }
    return {cookie.bv_val, cookie.bv_len};
}

int native(Change::Kind kind) {
    switch (kind) {
        case Change::Kind::add:
            return LDAP_MOD_ADD;
        case Change::Kind::remove:
            return LDAP_MOD_DELETE;
        case Change::Kind::replace:
            return LDAP_MOD_REPLACE;
    }
    return LDAP_MOD_REPLACE;
}

}  // namespace

Result<bool> offers_control(Connection& connection, std::string_view oid, Deadline deadline) {
    SearchRequest request;
    request.attributes = {"supportedControl"};
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    return !entries.empty() &&
           std::ranges::count(entries.front().values("supportedControl"), oid) > 0;
}

std::string_view SearchEnd::control(std::string_view oid) const {
    const auto found = std::ranges::find(controls, oid, &Control::oid);
    return found == controls.end() ? std::string_view() : std::string_view(found->value);
}

Result<SearchEnd> search_with_controls(
    Connection& connection, const SearchRequest& request, const std::vector<Control>& controls,
    std::chrono::milliseconds patience, const TakeEntry& take
) {
    BASCULE_TRY(const int id, start_search(connection, request, controls));
    SearchEnd end;
    while (true) {
        BASCULE_TRY(
            const auto message, connection.next_message(id, steady_clock::now() + patience)
        );
        if (!message) {
            ldap_abandon_ext(connection.handle(), id, nullptr, nullptr);
            return fail(error_from_result(LDAP_TIMEOUT, {}, "searching " + request.base));
        }
        const int type = ldap_msgtype(message.get());
        if (type == LDAP_RES_SEARCH_REFERENCE) {
            ++end.references;
        } else if (type == LDAP_RES_SEARCH_RESULT) {
            end.controls = controls_of(connection, message.get());
            BASCULE_TRY(end.outcome, connection.outcome_of(message.get()));
            return end;
        } else if (type == LDAP_RES_SEARCH_ENTRY) {
            BASCULE_TRY(auto entry, decode_entry(connection.handle(), message));
            if (auto status = take(std::move(entry)); !status) {
                ldap_abandon_ext(connection.handle(), id, nullptr, nullptr);
                return fail(std::move(status).error());
            }
        }
    }
}

Result<SearchEnd> search_paged(
    Connection& connection, const SearchRequest& request, const std::vector<Control>& controls,
    std::uint32_t page_size, std::chrono::milliseconds patience, const TakeEntry& take
) {
    std::string cookie;
    std::size_t references = 0;
    PageSize size(page_size);
    while (true) {
        auto all = controls;
        all.push_back({LDAP_CONTROL_PAGEDRESULTS, encode_page_request(size.current(), cookie), true}
        );
        const auto began = steady_clock::now();
        BASCULE_TRY(auto end, search_with_controls(connection, request, all, patience, take));
        size.took(steady_clock::now() - began);
        references += end.references;
        end.references = references;
        cookie = decode_page_cookie(end.control(LDAP_CONTROL_PAGEDRESULTS));
        if (!end.outcome.success() || cookie.empty()) {
            return end;
        }
    }
}

Result<Outcome> modify_with_controls(
    Connection& connection, const std::string& dn, const std::vector<Change>& changes,
    const std::vector<Control>& controls, Deadline deadline
) {
    std::vector<std::vector<berval>> values(changes.size());
    std::vector<std::vector<berval*>> pointers(changes.size());
    std::vector<LDAPMod> modifications(changes.size());
    std::vector<LDAPMod*> list;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        std::ranges::transform(changes[i].values, std::back_inserter(values[i]), to_berval);
        for (auto& value : values[i]) {
            pointers[i].push_back(&value);
        }
        pointers[i].push_back(nullptr);
        modifications[i].mod_op = native(changes[i].kind) | LDAP_MOD_BVALUES;
        modifications[i].mod_type = const_cast<char*>(changes[i].attribute.c_str());
        modifications[i].mod_vals.modv_bvals = values[i].empty() ? nullptr : pointers[i].data();
        list.push_back(&modifications[i]);
    }
    list.push_back(nullptr);
    ControlList control_list(controls);
    int id = 0;
    const int code = ldap_modify_ext(
        connection.handle(), dn.c_str(), list.data(), control_list.list(), nullptr, &id
    );
    if (code != LDAP_SUCCESS) {
        return fail(error_from_handle(connection.handle(), code, "modifying"));
    }
    return connection.finish(id, deadline);
}

}  // namespace bascule::ldap

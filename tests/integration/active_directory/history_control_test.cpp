// A domain of Microsoft applies its password history to a reset when a control asks for that
// (MS-ADTS 3.1.1.3.4.1.27, LDAP_SERVER_POLICY_HINTS); Samba does not know it. Here a relay lets
// Samba's root entry offer it, and looks at what is sent.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/dialects/active_directory/domain_passwords.hpp"
#include "tests/support/relay.hpp"
#include "tests/support/samba_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::ldap {
namespace {

using directory::MustChange;
using directory::SignInVerdict;
using test::Relay;
using test::SambaRig;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* new_control = "1.2.840.113556.1.4.2239";
constexpr const char* old_control = "1.2.840.113556.1.4.2066";
constexpr std::string_view old_password = "Passw0rd-old";
constexpr std::string_view new_password = "Passw0rd-new";
constexpr std::uint16_t plain_port = 389;

/// An element of BER (X.690) with a tag of one octet.
struct Element {
    char tag = 0;
    std::string content;

    [[nodiscard]] std::string encoded() const {
        if (content.size() < 0x80) {
            return std::string{tag, static_cast<char>(content.size())} + content;
        }
        std::string length;
        for (std::size_t rest = content.size(); rest > 0; rest >>= 8U) {
            length.insert(length.begin(), static_cast<char>(rest & 0xffU));
        }
        return std::string{tag, static_cast<char>(0x80U | length.size())} + length + content;
    }
};

std::vector<Element> elements(std::string_view bytes) {
    std::vector<Element> found;
    while (bytes.size() >= 2) {
        const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
        std::size_t head = 2;
        std::size_t length = octet(1);
        if (length >= 0x80) {
            head += length & 0x7fU;
            length = 0;
            for (std::size_t at = 2; at < head; ++at) {
                length = length << 8U | octet(at);
            }
        }
        found.push_back({bytes[0], std::string(bytes.substr(head, length))});
        bytes.remove_prefix(std::min(bytes.size(), head + length));
    }
    return found;
}

std::string encoded(const std::vector<Element>& all) {
    std::string bytes;
    for (const auto& one : all) {
        bytes += one.encoded();
    }
    return bytes;
}

constexpr char sequence = 0x30;
constexpr char octet_string = 0x04;
constexpr char search_entry = 0x64;
constexpr char modify_request = 0x66;
constexpr char controls_tag = static_cast<char>(0xa0);

/// The entry with further values of supportedControl; empty when the message is no such entry.
std::string with_controls(const std::string& message, const std::vector<std::string>& offered) {
    auto parts = elements(elements(message).at(0).content);
    if (parts.size() < 2 || parts[1].tag != search_entry) {
        return {};
    }
    auto entry = elements(parts[1].content);
    auto attributes = elements(entry.at(1).content);
    bool changed = false;
    for (auto& attribute : attributes) {
        auto named = elements(attribute.content);
        if (named.at(0).content == "supportedControl") {
            for (const auto& one : offered) {
                named.at(1).content += Element{octet_string, one}.encoded();
            }
            attribute.content = encoded(named);
            changed = true;
        }
    }
    entry[1].content = encoded(attributes);
    parts[1].content = encoded(entry);
    return changed ? Element{sequence, encoded(parts)}.encoded() : std::string();
}

class HistoryControl : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba_ = std::make_unique<SambaRig>();
        samba_->start();
        samba_->set(SambaRig::suffix(), "minPwdAge", "0");
        dn_ = samba_->add_user("alice", std::string(old_password));
        const auto& folder = samba_->folder();
        test::make_certificates(folder);
        relay_ = std::make_unique<Relay>(
            plain_port, [this](const Relay::Passing& passing) { return judge(passing); },
            Relay::TlsFiles{folder + "/tls/server.pem", folder + "/tls/server.key"},
            samba_->address()
        );
        ConnectionOptions options;
        options.servers = {fmt::format("ldaps://127.0.0.1:{}", relay_->port())};
        options.ca_file = folder + "/tls/ca.pem";
        options.bind_dn = SambaRig::service_dn();
        options.secret = []() -> Result<Secret> { return Secret(SambaRig::service_password()); };
        work_ = std::make_unique<WorkConnection>(options);
        writer_ = std::make_unique<DomainPasswordWriter>(*work_, SambaRig::people());
    }

    Relay::Verdict judge(const Relay::Passing& passing) {
        const std::scoped_lock lock(mutex_);
        if (passing.from_server) {
            return {.instead = with_controls(passing.message, offered_)};
        }
        auto parts = elements(elements(passing.message).at(0).content);
        if (parts.size() < 2 || parts[1].tag != modify_request) {
            return {};
        }
        sent_.clear();
        if (parts.size() > 2 && parts[2].tag == controls_tag) {
            sent_ = elements(parts[2].content);
            parts.pop_back();
        }
        ++modifications_;
        return {.instead = takes_off_ ? Element{sequence, encoded(parts)}.encoded() : ""};
    }
    /// What the domain offers beside what Samba does, to be said before the first request; whether
    /// it takes it as well.
    void offer(const std::vector<std::string>& controls, bool known = true) {
        const std::scoped_lock lock(mutex_);
        offered_ = controls;
        takes_off_ = known;
    }
    [[nodiscard]] std::size_t modifications() {
        const std::scoped_lock lock(mutex_);
        return modifications_;
    }
    [[nodiscard]] std::string reset(std::string_view password) {
        const auto done =
            writer_->reset(dn_, Secret(std::string(password)), MustChange::no, soon());
        return done ? "" : done.error().code;
    }
    static Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }
    /// Number, criticality and value of each control of the last modification, as encoded.
    [[nodiscard]] std::vector<std::string> controls_sent() {
        const std::scoped_lock lock(mutex_);
        std::vector<std::string> all;
        for (const auto& control : sent_) {
            all.push_back(control.content);
        }
        return all;
    }
    /// controlType, criticality TRUE, controlValue SEQUENCE { flags 1 } (RFC 4511 4.1.11), each
    /// with the shortest length.
    [[nodiscard]] static std::string asking_for_history(const std::string& number) {
        return std::string{octet_string, static_cast<char>(number.size())} + number +
               std::string("\x01\x01\xff\x04\x05\x30\x03\x02\x01\x01", 10);
    }

    std::unique_ptr<SambaRig> samba_;
    std::string dn_;
    std::mutex mutex_;
    std::vector<std::string> offered_;
    std::vector<Element> sent_;
    std::size_t modifications_ = 0;
    bool takes_off_ = true;  ///< the server, which knows none of them, does not see the controls
    std::unique_ptr<Relay> relay_;
    std::unique_ptr<WorkConnection> work_;
    std::unique_ptr<DomainPasswordWriter> writer_;
};

TEST_F(HistoryControl, AResetAsksForTheHistoryWhereThatIsOffered) {
    offer({old_control, new_control});
    EXPECT_TRUE(writer_->policy(dn_, soon())->enforced_on_reset);
    EXPECT_EQ(reset(new_password), "");
    EXPECT_THAT(controls_sent(), ElementsAre(asking_for_history(new_control)));
    EXPECT_EQ(samba_->bind_failure("alice@rig.test", new_password), "");

    // Who changes his own password is always subject to it.
    const auto changed = writer_->change(
        dn_, Secret(std::string(new_password)), Secret(std::string("Passw0rd-own")), soon()
    );
    EXPECT_TRUE(changed) << changed.error().code;
    EXPECT_THAT(controls_sent(), IsEmpty());
    EXPECT_TRUE(writer_->unlock(dn_, soon()));
    EXPECT_THAT(controls_sent(), IsEmpty());
    EXPECT_EQ(modifications(), 3U);
}

TEST_F(HistoryControl, TheOlderNumberIsUsedWhereOnlyThatIsOffered) {
    offer({old_control});
    EXPECT_EQ(reset(new_password), "");
    EXPECT_THAT(controls_sent(), ElementsAre(asking_for_history(old_control)));
}

TEST_F(HistoryControl, WhereItIsNotOfferedNothingIsAskedFor) {
    EXPECT_FALSE(writer_->policy(dn_, soon())->enforced_on_reset);
    EXPECT_EQ(reset(new_password), "");
    EXPECT_THAT(controls_sent(), IsEmpty());
    EXPECT_EQ(modifications(), 1U);
}

/// It is critical: a server that does not know it after all resets nothing.
TEST_F(HistoryControl, AServerThatDoesNotKnowItChangesNothing) {
    offer({new_control}, false);
    EXPECT_EQ(reset(new_password), "directory_error");
    EXPECT_THAT(controls_sent(), ElementsAre(asking_for_history(new_control)));
    EXPECT_EQ(samba_->bind_failure("alice@rig.test", old_password), "");
    EXPECT_EQ(samba_->bind_failure("alice@rig.test", new_password), "52e");
}

}  // namespace
}  // namespace bascule::ldap

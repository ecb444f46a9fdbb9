// The mirror of a real domain, seen by SCIM.
#include "tests/integration/active_directory/domain_fixture.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;
using testing::Test;

class DomainMirror : public DomainTest {};

const std::vector<std::string> nothing;

TEST_F(DomainMirror, FirstReadingAndEveryKindOfChangeAreExact) {
    const auto alice = samba().add_user("alice", "Passw0rd-1");
    const auto bob = samba().add_user("bob", "Passw0rd-1");
    const auto staff = add_group("staff", {alice, bob});
    add_group("everybody", {staff});
    serve();
    EXPECT_EQ(wait_equal(), nothing);
    const auto id = user("alice")["id"];

    samba().set(alice, "mail", "alice@example.com");
    const auto carol = samba().add_user("carol", "Passw0rd-1", "displayName: Carol C.\n");
    samba().modify(
        "dn: " + staff + "\nchangetype: modify\ndelete: member\nmember: " + bob +
        "\n-\nadd: member\nmember: " + carol + "\n"
    );
    EXPECT_EQ(wait_equal(), nothing);

    samba().modify(
        "dn: " + alice +
        "\nchangetype: modrdn\nnewrdn: CN=alice b\ndeleteoldrdn: 1\n"
        "newsuperior: OU=groups," +
        SambaRig::suffix() + "\n"
    );
    samba().modify("dn: " + bob + "\nchangetype: delete\n");
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(user("alice")["id"], id);

    // Another object with the name of the deleted one.
    samba().add_user("bob", "Passw0rd-1");
    samba().set(carol, "userAccountControl", "514");
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(user("carol")["active"], false);
}

TEST_F(DomainMirror, ARenamedContainerTakesAllBelowAlong) {
    samba().modify("dn: OU=unit," + SambaRig::people() + "\nobjectClass: organizationalUnit\n");
    const std::string inside = "CN=inside,OU=unit," + SambaRig::people();
    samba().modify(
        "dn: " + inside +
        "\nobjectClass: user\nsAMAccountName: inside\n"
        "userPrincipalName: inside@rig.test\nuserAccountControl: 514\n"
    );
    const auto group = add_group("unit members", {inside});
    serve();
    EXPECT_EQ(wait_equal(), nothing);
    samba().modify(
        "dn: OU=unit," + SambaRig::people() +
        "\nchangetype: modrdn\nnewrdn: OU=renamed\ndeleteoldrdn: 1\n"
    );
    samba().set("CN=inside,OU=renamed," + SambaRig::people(), "mail", "inside@example.com");
    EXPECT_EQ(wait_equal(), nothing);
}

}  // namespace
}  // namespace bascule::test

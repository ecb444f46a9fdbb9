"""Fills a new domain that no server has open: samba_prepare.py SMB_CONF SAM_LDB ACTION [DN].

ACTION is "accounts": organizational units, the service accounts and their rights; "identity":
another invocationId, as a restored backup has; "recycle-bin": deleted objects keep attributes;
"hide-people" or "show-people": whether the service account sees what stands in OU=people;
"hide-numbers" or "show-numbers": whether it sees telephoneNumber there; "deny-reset": keeps the service
account from resetting the password of DN; "deny-change": keeps everybody from changing it;
"age-password": makes it 100 days old. All but the first three may be said while the server runs.
"""
import sys
import uuid

import ldb
from samba import dsdb
from samba.auth import system_session
from samba.dcerpc import misc, security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

BASE = "DC=rig,DC=test"
PASSWORD = "Service-Passw0rd"
USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
TELEPHONE_NUMBER = "bf967a49-0de6-11d0-a285-00aa003049e2"
CHANGE_PASSWORD = "ab721a53-1e2f-11d0-9819-00aa0040529b"
WRITABLE = (
    "bf967a0a-0de6-11d0-a285-00aa003049e2",  # pwdLastSet
    "28630ebf-41d5-11d1-a9c1-0000f80367c1",  # lockoutTime
    TELEPHONE_NUMBER,
)


def open_database(configuration, path):
    parameters = LoadParm()
    parameters.load(configuration)
    return SamDB(url=path, lp=parameters, session_info=system_session(parameters))


def change_entries(database, name, change):
    """Changes the access control entries of an object, as text."""
    domain = security.dom_sid(database.get_domain_sid())
    found = database.search(
        name, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=["show_deleted:1", "sd_flags:1:15"]
    )[0]
    text = ndr_unpack(security.descriptor, found["nTSecurityDescriptor"][0]).as_sddl(domain)
    descriptor = security.descriptor.from_sddl(change(text), domain)
    message = ldb.Message(ldb.Dn(database, name))
    message["nTSecurityDescriptor"] = ldb.MessageElement(
        ndr_pack(descriptor), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor"
    )
    database.modify(message, ["show_deleted:1", "sd_flags:1:4"])


def add_entries(aces, database, name):
    """Puts access control entries before those of an object."""
    change_entries(database, name, lambda text: text.replace("(", aces + "(", 1))


def add_account(database, name):
    dn = "CN=%s,OU=services,%s" % (name, BASE)
    database.add({
        "dn": dn,
        "objectClass": "user",
        "sAMAccountName": name,
        "userPrincipalName": name + "@rig.test",
        "userAccountControl": "66048",
        "unicodePwd": ('"' + PASSWORD + '"').encode("utf-16-le"),
    })
    found = database.search(dn, ldb.SCOPE_BASE, attrs=["objectSid"])[0]
    return str(ndr_unpack(security.dom_sid, found["objectSid"][0]))


def make_accounts(database):
    for unit in ("people", "groups", "services"):
        database.add({"dn": "OU=%s,%s" % (unit, BASE), "objectClass": "organizationalUnit"})
    service = add_account(database, "bascule")
    add_account(database, "reader")
    add_entries("(A;CIOI;LCRPLO;;;%s)" % service, database, "CN=Deleted Objects," + BASE)
    rights = "(OA;CIIO;CR;%s;%s;%s)" % (RESET_PASSWORD, USER, service)
    for attribute in WRITABLE:
        rights += "(OA;CIIO;RPWP;%s;%s;%s)" % (attribute, USER, service)
    add_entries(rights, database, "OU=people," + BASE)


def change_identity(database):
    settings = database.get_dsServiceName()
    message = ldb.Message(ldb.Dn(database, settings))
    identity = ndr_pack(misc.GUID(str(uuid.uuid4())))
    message["invocationId"] = ldb.MessageElement(identity, ldb.FLAG_MOD_REPLACE, "invocationId")
    database.modify(message)


def service_identity(database):
    found = database.search("CN=bascule,OU=services," + BASE, ldb.SCOPE_BASE, attrs=["objectSid"])[0]
    return ndr_unpack(security.dom_sid, found["objectSid"][0])


def hidden_from_service(database):
    return "(D;;LC;;;%s)" % service_identity(database)


def deny_reset(database):
    add_entries("(OD;;CR;%s;;%s)" % (RESET_PASSWORD, service_identity(database)), database, sys.argv[4])


def deny_change(database):
    denied = "".join("(OD;;CR;%s;;%s)" % (CHANGE_PASSWORD, who) for who in ("PS", "WD"))
    add_entries(denied, database, sys.argv[4])


def hide_people(database):
    add_entries(hidden_from_service(database), database, "OU=people," + BASE)


def show_people(database):
    entry = hidden_from_service(database)
    change_entries(database, "OU=people," + BASE, lambda text: text.replace(entry, "", 1))


def change_numbers(database, change):
    # A new account grants everybody this attribute itself, so what it inherits cannot deny it.
    entry = "(OD;;RP;%s;;%s)" % (TELEPHONE_NUMBER, service_identity(database))
    for found in database.search("OU=people," + BASE, expression="(objectClass=user)", attrs=["cn"]):
        change_entries(database, str(found.dn), lambda text: change(text, entry))


def hide_numbers(database):
    change_numbers(database, lambda text, entry: text.replace("(", entry + "(", 1))


def show_numbers(database):
    change_numbers(database, lambda text, entry: text.replace(entry, "", 1))


def age_password(database):
    found = database.search(sys.argv[4], ldb.SCOPE_BASE, attrs=["pwdLastSet"])[0]
    older = int(str(found["pwdLastSet"][0])) - 100 * 86400 * 10**7
    message = ldb.Message(ldb.Dn(database, sys.argv[4]))
    message["pwdLastSet"] = ldb.MessageElement(str(older), ldb.FLAG_MOD_REPLACE, "pwdLastSet")
    # Else the server takes nothing but 0 and -1.
    database.modify(message, ["local_oid:%s:1" % dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID])


def switch_recycle_bin_on(database):
    message = ldb.Message(ldb.Dn(database, ""))
    feature = "CN=Partitions,CN=Configuration,%s:766ddcd8-acd0-445e-f3b9-a7f9b6744f2a" % BASE
    message["enableOptionalFeature"] = ldb.MessageElement(
        feature, ldb.FLAG_MOD_ADD, "enableOptionalFeature"
    )
    database.modify(message)


def main():
    database = open_database(sys.argv[1], sys.argv[2])
    actions = {
        "accounts": make_accounts,
        "identity": change_identity,
        "recycle-bin": switch_recycle_bin_on,
        "hide-people": hide_people,
        "show-people": show_people,
        "hide-numbers": hide_numbers,
        "show-numbers": show_numbers,
        "deny-reset": deny_reset,
        "deny-change": deny_change,
        "age-password": age_password,
    }
    actions[sys.argv[3]](database)


main()

#!/usr/bin/env python3
"""Writes the demo company as LDIF: make_directory.py BASE PASSWORD SERVICE_PASSWORD

Five locations with 20 staff and 20 managers each, groups by location and by topic, nested groups, and
a password policy. One person per line goes to the file named by --people: uid, name, location, kind.
"""
import argparse
import base64
import hashlib
import os
import sys

LOCATIONS = ["Seattle", "Portland", "Denver", "Chicago", "Orlando"]
GIVEN = ["Mira", "Leo", "Ana", "Omar", "Ines", "Sam", "Yuki", "Priya", "Jonas", "Zoë", "Amir", "Clara", "Dario", "Elif",
         "Femi", "Greta", "Hugo", "Ida", "Jorge", "Kaya"]
FAMILY = ["Lindqvist", "Okafor", "Novak", "Haddad", "Moreau", "Tanaka", "Silva", "Becker", "Kowalski", "Ålund"]
ASCII = str.maketrans({"ë": "e", "Å": "A"})


def hashed(password):
    salt = os.urandom(8)
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt).decode()


class Ldif:
    def __init__(self, out):
        self.out = out

    def entry(self, dn, *attributes):
        self.line("dn", dn)
        for name, value in attributes:
            self.line(name, value)
        self.out.write("\n")

    def line(self, name, value):
        safe = value.isascii() and not value.startswith((" ", ":", "<")) and not value.endswith(" ")
        text = f"{name}: {value}" if safe else f"{name}:: {base64.b64encode(value.encode()).decode()}"
        self.out.write(text + "\n")


def people():
    """(uid, given, family, location, kind, number), 200 of them, names unique."""
    number = 0
    for index, location in enumerate(LOCATIONS):
        for kind in ("manager", "staff"):
            for place in range(20):
                given = GIVEN[place]
                family = FAMILY[(index * 2 + (kind == "staff") + place // 10) % len(FAMILY)]
                uid = f"{given}.{family}".translate(ASCII).lower()
                if kind == "manager" and place == 0:
                    uid = f"{location.lower()}.manager"
                if kind == "staff" and place == 0:
                    uid = f"{location.lower()}.staff"
                number += 1
                yield uid, given, family, location, kind, number


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("password")
    parser.add_argument("service_password")
    parser.add_argument("--people", required=True)
    options = parser.parse_args()
    base, ldif = options.base, Ldif(sys.stdout)

    ldif.entry(base, ("objectClass", "dcObject"), ("objectClass", "organization"),
               ("dc", base.split(",")[0].split("=")[1]), ("o", "Example Company"))
    for unit in ("people", "groups", "services", "policies"):
        ldif.entry(f"ou={unit},{base}", ("objectClass", "organizationalUnit"), ("ou", unit))
    for location in LOCATIONS:
        ldif.entry(f"ou={location},ou=people,{base}", ("objectClass", "organizationalUnit"), ("ou", location))
    ldif.entry(f"cn=bascule,ou=services,{base}", ("objectClass", "organizationalRole"),
               ("objectClass", "simpleSecurityObject"), ("cn", "bascule"),
               ("userPassword", hashed(options.service_password)))
    ldif.entry(f"cn=default,ou=policies,{base}", ("objectClass", "organizationalRole"), ("objectClass", "pwdPolicy"),
               ("cn", "default"), ("pwdAttribute", "userPassword"), ("pwdCheckQuality", "2"), ("pwdMinLength", "10"),
               ("pwdInHistory", "5"), ("pwdMaxFailure", "6"), ("pwdLockout", "TRUE"), ("pwdLockoutDuration", "900"),
               ("pwdMustChange", "TRUE"), ("pwdAllowUserChange", "TRUE"), ("pwdSafeModify", "FALSE"))

    members, managers, password = {}, {}, options.password
    with open(options.people, "w", encoding="utf-8") as listing:
        for uid, given, family, location, kind, number in people():
            dn = f"uid={uid},ou={location},ou=people,{base}"
            members.setdefault(location, []).append(dn)
            if kind == "manager":
                managers.setdefault(location, []).append(dn)
            attributes = [("objectClass", "inetOrgPerson"), ("uid", uid), ("cn", f"{given} {family}"), ("sn", family),
                          ("givenName", given), ("displayName", f"{given} {family}"), ("mail", f"{uid}@example.com"),
                          ("telephoneNumber", f"+1 555 01{number:05d}"), ("employeeNumber", str(1000 + number)),
                          ("departmentNumber", location), ("title", "Store manager" if kind == "manager" else "Associate"),
                          ("userPassword", hashed(password))]
            if kind == "staff":
                attributes.append(("manager", managers[location][0]))
            ldif.entry(dn, *attributes)
            listing.write(f"{uid}\t{given} {family}\t{location}\t{kind}\n")

    def group(name, dns):
        ldif.entry(f"cn={name},ou=groups,{base}", ("objectClass", "groupOfNames"), ("cn", name), *[("member", d) for d in dns])
        return f"cn={name},ou=groups,{base}"

    stores = [group(f"Store {location}", members[location]) for location in LOCATIONS]
    leads = [group(f"Managers {location}", managers[location]) for location in LOCATIONS]
    group("All managers", leads)
    group("West", stores[:3])
    group("Everyone", [f"cn=West,ou=groups,{base}", *stores[3:]])
    group("Sales EMEA", members["Denver"][:12])


if __name__ == "__main__":
    main()

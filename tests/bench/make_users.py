#!/usr/bin/env python3
"""LDIF for measurements: make_users.py COUNT [--group-size N ...] [--small-groups N] > file

dc=bench,dc=test with ten units, COUNT people, 100 groups, one group per --group-size and --small-groups groups
of ten people. Deterministic.
"""
import argparse
import base64
import hashlib
import sys

BASE = "dc=bench,dc=test"


def hashed(password):
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + b"salt").digest() + b"salt").decode()


def person(number):
    return f"uid=u{number:07d},ou=d{number % 10},ou=people,{BASE}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("--group-size", type=int, action="append", default=[])
    parser.add_argument("--small-groups", type=int, default=0)
    options = parser.parse_args()
    write = sys.stdout.write
    write(f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: bench\no: bench\n\n")
    for unit in ("people", "groups", "services"):
        write(f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n\n")
    for unit in range(10):
        write(f"dn: ou=d{unit},ou=people,{BASE}\nobjectClass: organizationalUnit\nou: d{unit}\n\n")
    write(f"dn: cn=bascule,ou=services,{BASE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
          f"cn: bascule\nuserPassword: {hashed('service')}\n\n")
    password = hashed("Measure-Me-1")
    for i in range(options.count):
        write(f"dn: {person(i)}\nobjectClass: inetOrgPerson\nuid: u{i:07d}\ncn: Given{i % 997} Sur{i % 7919} {i}\n"
              f"sn: Sur{i % 7919}\ngivenName: Given{i % 997}\nmail: u{i:07d}@bench.test\ntelephoneNumber: +1 555 {i:07d}\n"
              f"employeeNumber: {i}\ntitle: Engineer {i % 40}\ndepartmentNumber: {i % 200}\n"
              f"userPassword: {password}\n\n")
    for group in range(100):
        write(f"dn: cn=g{group:04d},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: g{group:04d}\n")
        write("".join(f"member: {person(i)}\n" for i in range(group, min(options.count, 100_000), 100)) + "\n")
    for size in options.group_size:
        write(f"dn: cn=size{size},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: size{size}\n")
        write("".join(f"member: {person(i)}\n" for i in range(min(size, options.count))) + "\n")
    for group in range(options.small_groups):
        write(f"dn: cn=small{group:05d},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: small{group:05d}\n")
        write("".join(f"member: {person((group * 7919 + i) % options.count)}\n" for i in range(10)) + "\n")


if __name__ == "__main__":
    main()

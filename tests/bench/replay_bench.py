#!/usr/bin/env python3
"""Measures `bascule replay` of the recorded first load of many users.

  tests/bench/replay_bench.py --build build/release [--users 1000000] [--repeat 1]

Writes the recording itself, in the format of daemon/replay; no directory server is needed.
"""
import argparse
import json
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time
import uuid
import zlib

MARK = b"bascule messages 2\n"
RUN_STARTED, REFRESH_STARTED, CHANGED, REFRESH_DONE, RUN_ENDED = 1, 2, 3, 6, 9
BLOCK = 256 * 1024

CONFIG = """
server: {{ listen: "127.0.0.1:1", public_url: "http://127.0.0.1:1" }}
management: {{ listen: "127.0.0.1:2" }}
admin: {{ socket: {folder}/admin.sock }}
store: {{ sqlite: {{ path: {folder}/bascule.db }} }}
sources:
  - name: corp
    servers: ["ldap://127.0.0.1:3"]
    base: dc=bench
    bind: {{ dn: "cn=bascule,dc=bench", password: {{ file: {folder}/password }} }}
"""


def text(value):
    return struct.pack("<I", len(value)) + value


def entry(number):
    name = f"u{number:07d}".encode()
    given, family = f"Given{number % 1000}".encode(), f"Family{number}".encode()
    unit = f"ou=d{number % 100}".encode()
    values = {
        b"objectClass": [b"top", b"person", b"organizationalPerson", b"inetOrgPerson"],
        b"uid": [name], b"cn": [given + b" " + family], b"sn": [family], b"givenName": [given],
        b"mail": [name + b"@bench.test"], b"employeeNumber": [str(number).encode()],
        b"title": [b"Engineer %d" % (number % 50)], b"departmentNumber": [str(number % 100).encode()],
        b"telephoneNumber": [b"+1 555 %07d" % number]}
    out = text(uuid.uuid5(uuid.NAMESPACE_OID, str(number)).bytes)
    out += text(b"uid=" + name + b"," + unit + b",ou=people,dc=bench")
    out += text(b"dc=bench\x01ou=people\x01" + unit + b"\x01uid=" + name + b"\x01")
    out += text(b"20261122%06d.%06dZ#000000#000#000000" % (number % 240000, number % 1000000))
    out += struct.pack("<I", len(values))
    for key, all_of_it in values.items():
        out += text(key) + struct.pack("<I", len(all_of_it)) + b"".join(text(one) for one in all_of_it)
    return text(out)


def record(path, users):
    with open(path, "wb") as file:
        file.write(MARK)
        block = bytearray()
        order = 0

        def write():
            packed = zlib.compress(bytes(block), 1)
            file.write(struct.pack("<III", len(packed), len(block), zlib.crc32(block)) + packed)
            block.clear()

        def say(kind, rest):
            nonlocal order
            order += 1
            block.extend(struct.pack("<BQQ", kind, 1_790_000_000_000 + order // 50, order) + rest)
            if len(block) >= BLOCK:
                write()

        say(RUN_STARTED, text(b"openldap") + text(b"m") + text(b"corp"))
        say(REFRESH_STARTED, b"\x00")
        for number in range(users):
            say(CHANGED, entry(number))
        say(REFRESH_DONE, b"\x01" + text(b"cookie"))
        say(RUN_ENDED, b"\x01")
        write()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-replay."))
    try:
        (folder / "password").write_text("x")
        (folder / "password").chmod(0o600)
        (folder / "bascule.yaml").write_text(CONFIG.format(folder=folder))
        record(folder / "corp.messages", options.users)
        size = (folder / "corp.messages").stat().st_size / 1e6
        began = time.monotonic()
        done = subprocess.run([pathlib.Path(options.build) / "daemon" / "bascule", "--json", "replay",
                               folder / "corp.messages", "--config", folder / "bascule.yaml", "--repeat",
                               str(options.repeat)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        whole = time.monotonic() - began
        answer = json.loads(done.stdout)
        assert answer["same"]
        for one in answer["replays"]:
            print(f"{one['messages']} messages, {size:.0f} MB: {one['seconds']:.1f} s, of it {one['secondsApplied']:.1f} s "
                  f"until the last was applied, {one['users']} users, sha256 {one['digest'][:16]}")
        print(f"the whole program {whole:.1f} s; target 60 s for 1,000,000")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

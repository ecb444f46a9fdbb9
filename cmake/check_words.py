#!/usr/bin/env python3
"""Fails on marks of unfinished work and on the reading of clocks outside their homes.

Usage: check_words.py ROOT
"""
import pathlib
import re
import subprocess
import sys

# "Not Implemented" with capitals is the reason phrase of HTTP 501.
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot (yet )?implemented\b")
CLOCK = re.compile(r"system_clock::now\s*\(|\bsleep_for\s*\(|\bsleep_until\s*\(")
CLOCK_HOMES = ("directory/base/", "http/server/", "http/client/", "daemon/", "tests/", "connectors/ldap/")
SELF = "cmake/check_words.py"


def check(root):
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp", "*.sh", "scripts/*", "cmake/*"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    problems = []
    for name in listed:
        file = pathlib.Path(root, name)
        if not file.is_file() or name == SELF:
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if UNFINISHED.search(line):
                problems.append(f"{name}:{number}: {line.strip()[:90]}")
            if name.endswith((".cpp", ".hpp")) and CLOCK.search(line) and not name.startswith(CLOCK_HOMES):
                problems.append(f"{name}:{number}: takes the time by itself; ask the Clock")
    return problems


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) if found else "words: nothing unfinished, no stray clock")
    sys.exit(1 if found else 0)

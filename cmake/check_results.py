#!/usr/bin/env python3
"""Fails on a header that declares a function returning Result or Status without [[nodiscard]].

tl::expected does not warn when it is dropped, so the attribute is the only guard. An override takes it from the
port that declares the function.
Usage: check_results.py ROOT
"""
import pathlib
import re
import subprocess
import sys

DECLARATION = re.compile(
    r"^\s*(?:(?:static|virtual|inline|friend|constexpr|explicit)\s+)*(?:bascule::)?(?:Result<.*>|Status)\s+~?[\w:]+\s*\("
)


def check(root):
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "*.hpp"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    problems = []
    for name in listed:
        file = pathlib.Path(root, name)
        if not file.exists() or name.startswith("tests/"):
            continue
        previous = ""
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            declaration = " ".join(lines[number - 1:number + 11]).split(";")[0]
            if "override" in declaration:
                previous = line
                continue
            if DECLARATION.match(line) and "[[nodiscard]]" not in line and "[[nodiscard]]" not in previous:
                problems.append(f"{name}:{number}: returns a Result and is not [[nodiscard]]")
            previous = line
    return problems


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) if found else "results: every function that may fail is [[nodiscard]]")
    sys.exit(1 if found else 0)

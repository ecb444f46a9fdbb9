#!/usr/bin/env python3
"""Fails on a `{` between co_await and its semicolon.

g++ 12.2 destroys such temporaries (aggregates, value-capturing lambdas) twice. Name the object
first, then move it in. Usage: check_coroutines.py ROOT
"""
import pathlib
import re
import subprocess
import sys

AWAIT = re.compile(r"\bco_await\b[^;]*;", re.S)


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def check(root):
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    problems = []
    for name in listed:
        file = pathlib.Path(root, name)
        if not file.exists():
            continue
        text = without_comments(file.read_text())
        for match in AWAIT.finditer(text):
            if "{" in match.group():
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{name}:{line}: a brace inside a co_await expression")
    return problems


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) if found else "coroutines: no brace inside a co_await expression")
    sys.exit(1 if found else 0)

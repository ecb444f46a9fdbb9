#!/usr/bin/env python3
"""Fails when an #include crosses a layer the wrong way or a third-party header leaves its home.

The tables below are the ones in docs/architecture.md. Run from anywhere: check_layers.py ROOT
"""
import pathlib
import re
import subprocess
import sys

# folder (longest prefix wins) -> project prefixes it may include, besides itself
ALLOWED = {
    "directory": [],
    "selfservice": ["directory"],
    "store": ["directory"],
    "connectors": ["directory"],
    "scim": ["directory", "http/api"],
    "http": ["directory/base"],
    "portal": ["selfservice", "directory", "http/api"],
    "config": ["directory/base", "directory/mirror/mapping_rules.hpp"],
    "daemon": [""],
    "tests": [""],
}

# header pattern -> folders that may include it
HOMES = {
    r"(ldap|lber|ldap_schema)\.h": ["connectors/ldap"],
    r"sqlite3\.h": ["store/sqlite"],
    r"yaml-cpp/.*": ["config"],
    r"boost/(beast|asio).*": ["http/server", "http/client"],
    r"nlohmann/.*": ["scim", "portal/api", "daemon"],
    r"spdlog/.*": ["daemon"],
    r"systemd/.*": ["daemon", "http/server"],
    r"prometheus/.*": ["daemon"],
    r"CLI/.*": ["daemon"],
    r"unicode/.*": ["directory/base"],
    r"tl/expected\.hpp": ["directory/base"],
    r"sodium.*": ["directory/base", "store/sqlite", "selfservice", "daemon", "connectors/ldap"],
    r"openssl/.*": ["directory/base", "http/server", "daemon", "selfservice", "connectors/ldap"],
    r"zlib\.h": ["http/server", "daemon"],
    r"(ares|krb5)\.h|(gssapi|sasl)/.*": ["connectors/ldap"],
    r"cjose/.*": ["selfservice", "portal/api", "connectors", "daemon"],
    r"curl/.*": ["connectors"],
    r"re2/.*": ["selfservice", "connectors"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def home_of(path, table):
    best = None
    for prefix in table:
        if path == prefix or path.startswith(prefix + "/"):
            if best is None or len(prefix) > len(best):
                best = prefix
    return best


def check(root):
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    problems = []
    for name in sorted(listed):
        file = pathlib.Path(root, name)
        if not file.exists():
            continue
        layer = home_of(name, ALLOWED)
        if layer is None:
            problems.append(f"{name}: no layer is declared for this folder")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, header = match.groups()
            where = f"{name}:{number}"
            if quote == '"':
                permitted = [layer, *ALLOWED[layer]]
                if not any(p == "" or header == p or header.startswith(p + "/") for p in permitted):
                    problems.append(f"{where}: {layer} may not include {header}")
            elif not name.startswith("tests/"):
                for pattern, homes in HOMES.items():
                    if re.fullmatch(pattern, header) and not any(name.startswith(h + "/") for h in homes):
                        problems.append(f"{where}: <{header}> lives in {', '.join(homes)} only")
    return problems


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) if found else "layers: every include respects the table")
    sys.exit(1 if found else 0)

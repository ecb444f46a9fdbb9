#!/usr/bin/env python3
"""Measures the first load of two directories whose users are joined against that of one directory as large as both.

  tests/bench/joined_load.py --build build/release [--users 100000]

Every user of the second directory joins one of the first, by user name.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

from bench import BASE, CONFIG, Bench, free_port

SOURCE = """  - name: {name}
    servers: ["ldap://127.0.0.1:{port}"]
    base: {base}
    bind: {{ dn: "cn=bascule,ou=services,{base}", password: {{ file: {folder}/password }} }}
{more}"""


class Directory(Bench):
    """A slapd of so many users."""

    def __init__(self, build, folder, users):
        super().__init__(argparse.Namespace(build=build, folder=folder, users=users))
        self.load_directory()
        self.start_slapd()


class Joined(Bench):
    def first_load(self, sources, users):
        """Seconds from the start of the program until every source is live and all users are there."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        (self.folder / "state").mkdir()
        text = CONFIG.format(folder=self.folder, base=BASE, ldap=0, http=free_port(), management=free_port(),
                             source_lines="")
        text = text[: text.index("  - name: bench")]
        text += "".join(SOURCE.format(name=name, port=directory.ports["ldap"], base=BASE, folder=self.folder, more=more)
                        for name, directory, more in sources)
        config = self.folder / "bascule.yaml"
        config.write_text(text)
        began = time.monotonic()
        with open(self.folder / "bascule.log", "a", encoding="utf-8") as log:
            self.daemon = subprocess.Popen([self.build / "daemon" / "bascule", "serve", "--config", config], stdout=log,
                                           stderr=log)
        self.poll(lambda: self.complete(len(sources), users), 3600, 0.1)
        seconds = time.monotonic() - began
        memory = self.memory()
        self.stop_daemon()
        return round(seconds, 1), memory

    def complete(self, count, users):
        try:
            status = json.loads(self.cli("--json", "status"))
        except (subprocess.CalledProcessError, json.JSONDecodeError):
            return False
        sources = status.get("sources", [])
        return len(sources) == count and all(one["state"] == "live" and one["objects"] >= users for one in sources)

    def run(self):
        self.folder.joinpath("password").write_text("service")
        self.folder.joinpath("password").chmod(0o600)
        users = self.options.users
        servers = []
        try:
            for name, size in (("first", users), ("second", users), ("both", 2 * users)):
                servers.append(Directory(self.options.build, self.folder / name, size))
            first, second, both = servers
            alone, memory = self.first_load([("one", both, "")], 2 * users)
            self.record(f"{2 * users} users of one source", alone, "s", f"{memory} MB")
            apart, memory = self.first_load([("first", first, ""), ("second", second, "")], 0)
            self.record(f"{users} and {users} users of two sources, not joined", apart, "s", f"{memory} MB")
            joined, memory = self.first_load(
                [("first", first, ""), ("second", second, "    join: { users: [userName] }\n")], users)
            self.record(f"{users} and {users} users of two sources, joined", joined, "s", f"{memory} MB")
            self.record("joined, entries a second", round(2 * users / joined), "", f"{joined / alone:.2f} times the one", "5000")
        finally:
            for server in servers:
                server.slapd.terminate()
                server.slapd.wait(60)
            if self.daemon and self.daemon.poll() is None:
                self.daemon.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--users", type=int, default=100_000)
    options = parser.parse_args()
    options.folder = tempfile.mkdtemp(prefix="bascule-joined.")
    try:
        Joined(options).run()
    finally:
        shutil.rmtree(pathlib.Path(options.folder))


if __name__ == "__main__":
    main()

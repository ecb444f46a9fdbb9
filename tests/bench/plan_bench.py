#!/usr/bin/env python3
"""Measures `bascule plan` and `bascule what-if` against a directory of many users.

  tests/bench/plan_bench.py --build build/release [--users 100000] [--folder DIR] [--json]

One plan whose rules change every user, one that changes none and reads on from the last stamp, and the comparison of
the first rules running beside those in force.
"""
import argparse
import json
import subprocess
import time

from end_to_end import Bench


class Plans(Bench):
    def timed(self, *arguments):
        begin = time.monotonic()
        done = subprocess.run([self.build / "daemon" / "bascule", "--socket", self.folder / "admin.sock", *arguments],
                              capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return round(time.monotonic() - begin, 1), done.stdout

    def run(self):
        try:
            self.measure()
        finally:
            for process in (self.daemon, self.slapd):
                if process and process.poll() is None:
                    process.terminate()
                    process.wait(60)

    def measure(self):
        self.load_directory()
        self.start_slapd()
        self.start_daemon()
        self.poll(lambda: self.source_state().get("state") == "live", 1800, 0.2)
        before = self.memory()
        config = (self.folder / "bascule.yaml").read_text()
        other = self.folder / "new.yaml"
        lines = config.splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.lstrip().startswith("base:"))
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines.insert(at, indent + 'users: { map: { nickName: "{cn}" } }\n')
        other.write_text("".join(lines))
        seconds, text = self.timed("plan", "--config", str(other), "--export", str(self.folder / "diff.jsonl"))
        print(text)
        self.record("plan that changes every user", seconds, "s")
        self.record("peak memory, before and with the plan", f"{before} {self.memory()}", "MB")
        seconds, text = self.timed("plan", "--config", str(self.folder / "bascule.yaml"))
        self.record("plan that changes nothing", seconds, "s")
        self.timed("what-if", "start", "--config", str(other))
        begin = time.monotonic()
        self.poll(lambda: all(one["live"] for one in json.loads(self.cli("--json", "what-if", "status"))["sources"]),
                  1800, 0.5)
        self.record("what-if: first reading", round(time.monotonic() - begin, 1), "s")
        seconds, text = self.timed("what-if", "show")
        print(text)
        self.record("what-if: comparison", seconds, "s")
        self.record("peak memory at the end", self.memory(), "MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--folder", help="keeps the loaded directory for the next run")
    Plans(parser.parse_args()).run()


if __name__ == "__main__":
    main()

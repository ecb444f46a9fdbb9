#!/usr/bin/env python3
"""Measures `bascule plan` and `bascule what-if` against a directory of many users.

  tests/bench/plan_bench.py --build build/release [--users 1000000] [--folder DIR] [--only NAME ...]

One plan whose rules change every user, one that changes none and reads on from the last stamp, and the comparison of
the first rules running beside those in force.
"""
import json
import subprocess
import time

from bench import Bench, arguments


class Plans(Bench):
    def timed(self, *arguments_of_it):
        begin = time.monotonic()
        done = subprocess.run([self.build / "daemon" / "bascule", "--socket", self.folder / "admin.sock", *arguments_of_it],
                              capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return round(time.monotonic() - begin, 1), done.stdout

    def changing_rules(self):
        """The present configuration with a rule more, which changes every user."""
        lines = (self.folder / "bascule.yaml").read_text().splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.lstrip().startswith("base:"))
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines.insert(at, indent + 'users: { map: { nickName: "{cn}" } }\n')
        other = self.folder / "new.yaml"
        other.write_text("".join(lines))
        return str(other)

    def plans(self):
        before = self.memory("VmRSS")
        seconds, _ = self.timed("plan", "--config", self.changing_rules(), "--export", str(self.folder / "diff.jsonl"))
        self.judge("plan that changes every user", seconds, "s", round(600 * self.options.users / 1e6))
        self.record("memory before, most with the plan", f"{before} {self.memory()}", "MB")
        seconds, _ = self.timed("plan", "--config", str(self.folder / "bascule.yaml"))
        self.record("plan that changes nothing", seconds, "s")

    def what_if(self):
        self.timed("what-if", "start", "--config", self.changing_rules())
        begin = time.monotonic()
        self.poll(lambda: all(one["live"] for one in json.loads(self.cli("--json", "what-if", "status"))["sources"]),
                  1800, 0.5)
        self.record("what-if: first reading", round(time.monotonic() - begin, 1), "s")
        seconds, _ = self.timed("what-if", "show")
        self.record("what-if: comparison", seconds, "s")
        self.record("peak memory at the end", self.memory(), "MB")

    def figures_to_run(self):
        return [self.plans, self.what_if]


if __name__ == "__main__":
    Plans(arguments(__doc__).parse_args()).run()

#!/usr/bin/env python3
"""Measures what the mirror of an OpenLDAP directory promises, each figure beside its target.

  tests/bench/mirror_targets.py --build build/release [--users 1000000] [--folder DIR] [--only NAME ...]

Starts slapd and the program, mirrors (the raw consumer that drops every entry beside it), and then runs the figures.
Prints whether each target is met. --minutes sets how long the storm of members lasts.
"""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import ldap

from bench import BASE, Bench, arguments, milliseconds, percentile


class MirrorTargets(Bench):
    source_lines = "    guard: { memberships: { percent: 100 } }\n"  # what a storm takes out shall go

    def visible(self, connection, identifier, title):
        return self.get(connection, f"/Users/{identifier}", attributes="title").get("title") == title

    def until_visible(self, directory, number, title):
        """Milliseconds from the directory's answer to a change until SCIM shows it."""
        connection = self.connect()
        identifier = self.user_id(connection, number)
        directory.modify_s(self.user_dn(number), [(ldap.MOD_REPLACE, "title", [title.encode()])])
        begin = time.perf_counter()
        while not self.visible(connection, identifier, title):
            assert time.perf_counter() - begin < 60, "the change did not arrive"
        return (time.perf_counter() - begin) * 1000

    # --- figures ----------------------------------------------------------------------------------------------------

    def push_delta(self):
        """Fifty changes a second flow while single ones are timed."""
        stop = threading.Event()

        def flow():
            directory, turn = self.directory(), 0
            while not stop.wait(0.02):
                turn += 1
                directory.modify_s(self.user_dn(500 + turn % 400), [(ldap.MOD_REPLACE, "title", [f"Flow {turn}".encode()])])

        background = threading.Thread(target=flow)
        background.start()
        try:
            directory = self.directory()
            times = [self.until_visible(directory, turn % 400, f"Timed {turn}") for turn in range(300)]
        finally:
            stop.set()
            background.join()
        self.judge("change to visible by SCIM, p50", round(percentile(times, 0.5), 2), "ms", 50)
        self.judge("change to visible by SCIM, p99", round(percentile(times, 0.99), 2), "ms", 500)

    def zero_restart(self):
        """Nothing is read again."""
        self.stop_daemon()
        started = self.start_daemon()
        live = self.poll(lambda: self.source_state().get("state") == "live", 60, 0.02)
        self.judge("restart to live", round(live - started, 2), "s", 2)
        self.judge("entries read again", self.source_state().get("received", -1), "", 0)

    def large_group_dn(self, directory):
        found = directory.search_ext_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=groupOfNames)", ["member"])
        return max(found, key=lambda group: len(group[1].get("member", [])))

    def large_group_member(self):
        """One member leaves the largest group and comes back; the server sends the whole entry."""
        directory = self.directory()
        dn, attributes = self.large_group_dn(directory)
        member = attributes["member"][-1]
        number = int(member.decode().split(",")[0].split("=u")[1])
        connection = self.connect()
        group = self.get(connection, "/Groups", filter=f'displayName eq "{dn.split(",")[0].split("=")[1]}"', attributes="id")
        identifier, user = group["Resources"][0]["id"], self.user_id(connection, number)
        times = []
        for turn in range(6):
            directory.modify_s(dn, [(ldap.MOD_DELETE if turn % 2 == 0 else ldap.MOD_ADD, "member", [member])])
            begin, wanted = time.perf_counter(), turn % 2
            found = wanted + 1
            while found != wanted:
                found = self.get(connection, "/Groups", count=0,
                                 filter=f'id eq "{identifier}" and members.value eq "{user}"')["totalResults"]
                assert time.perf_counter() - begin < 60, "the member did not change"
            times.append(time.perf_counter() - begin)
        self.judge(f"one member of a group of {len(attributes['member'])}", round(max(times), 2), "s", 5)

    def storm_groups(self, directory, people):
        groups = [f"cn=storm{n},{BASE}" for n in range(200)]
        for dn in groups:
            try:
                directory.add_s(dn, [("objectClass", [b"groupOfNames"]), ("cn", [dn.split(",")[0][3:].encode()]),
                                     ("member", people[:1])])
            except ldap.ALREADY_EXISTS:
                pass
        return groups

    def member_storm(self):
        """100,000 edges come and go a minute, a hundred in one change, while single changes are timed."""
        directory, seconds = self.directory(), 60 * self.options.minutes
        people = [self.user_dn(n).encode() for n in range(101, min(self.options.users, 20_301))]
        groups = self.storm_groups(directory, [self.user_dn(100).encode()])
        stop, times, before = threading.Event(), [], self.memory("VmRSS")

        def probe():
            own, turn = self.directory(), 0
            while not stop.wait(1):
                turn += 1
                times.append(self.until_visible(own, turn % 100, f"Probe {turn} {time.time()}"))

        background = threading.Thread(target=probe)
        background.start()
        begin, sent = time.perf_counter(), 0
        try:
            while time.perf_counter() - begin < seconds:
                turn = sent // 100
                group = groups[turn % len(groups)]
                how = ldap.MOD_ADD if turn // len(groups) % 2 == 0 else ldap.MOD_DELETE
                batch = turn % len(groups) % (len(people) // 100)
                directory.modify_s(group, [(how, "member", people[batch * 100:batch * 100 + 100])])
                sent += 100
                time.sleep(max(0.0, begin + sent / (100_000 / 60) - time.perf_counter()))
        finally:
            stop.set()
            background.join()
        rate = sent / (time.perf_counter() - begin) * 60
        drained = self.until_visible(directory, 3, f"Drained {begin}") / 1000
        self.judge(f"storm of {sent} edges, {rate:.0f} a minute: p99 of changes", round(percentile(times, 0.99) / 1000, 3), "s", 30,
                   f"p50 {percentile(times, 0.5):.1f} ms,")
        self.judge("backlog after the storm", round(drained, 3), "s", 30)
        self.judge("memory that the storm added", self.memory("VmRSS") - before, "MB", 64)

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.daemon.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def silent_server(self):
        """A server that says nothing costs no processor, and SCIM goes on."""
        self.slapd.send_signal(signal.SIGSTOP)
        try:
            before, connection, begin = self.processor_seconds(), self.connect(), time.monotonic()
            time.sleep(10)
            share = (self.processor_seconds() - before) / (time.monotonic() - begin) * 100
            answered = time.perf_counter()
            self.get(connection, "/Users", count=1)
            answered = (time.perf_counter() - answered) * 1000
        finally:
            self.slapd.send_signal(signal.SIGCONT)
        self.judge("processor beside a silent server", round(share, 2), "%", 1)
        self.judge("a read meanwhile", round(answered, 2), "ms", 100)
        self.poll(lambda: self.source_state().get("state") == "live", 120, 0.1)

    def friendliness(self):
        """Connections to the server while the stream runs."""
        listing = subprocess.run(["ss", "-Htnp", "state", "established", f"( dport = :{self.ports['ldap']} )"],
                                 capture_output=True, text=True, check=True).stdout
        self.judge("connections to the server", sum(f"pid={self.daemon.pid}," in line for line in listing.splitlines()), "", 2)

    def poison_entry(self):
        """Changes beside entries that cannot be mapped, one for each good one, against changes alone."""
        directory = self.directory()
        bad = [f"cn=poison{n},ou=people,{BASE}" for n in range(50)]
        for dn in bad:
            name = dn.split(",")[0][3:].encode()
            try:
                directory.add_s(dn, [("objectClass", [b"inetOrgPerson"]), ("cn", [name]), ("sn", [name])])
            except ldap.ALREADY_EXISTS:
                pass
        alone, beside = [], []
        for turn in range(200):
            alone.append(self.until_visible(directory, turn, f"Alone {turn}"))
            directory.modify_s(bad[turn % 50], [(ldap.MOD_REPLACE, "description", [f"Poison {turn}".encode()])])
            beside.append(self.until_visible(directory, turn, f"Beside {turn}"))
        self.judge("what an entry in quarantine delays others by, p50",
                   round(max(0.0, percentile(beside, 0.5) - percentile(alone, 0.5)), 2), "ms", 10,
                   f"{percentile(beside, 0.5):.2f} against {percentile(alone, 0.5):.2f} ms,")
        quarantined = self.source_state().get("quarantined", 0)
        assert quarantined >= 50, quarantined

    def make_causes(self, directory):
        """Entries for which explain has something to say; what to ask for, by its cause."""
        def add(rdn, *attributes, below="ou=people"):
            dn = f"{rdn},{below},{BASE}"
            try:
                directory.add_s(dn, [("objectClass", [b"inetOrgPerson"]), ("cn", [b"C"]), ("sn", [b"S"]), *attributes])
            except ldap.ALREADY_EXISTS:
                pass
            return dn

        group = f"cn=waiting,ou=groups,{BASE}"
        try:
            directory.add_s(group, [("objectClass", [b"groupOfNames"]), ("cn", [b"waiting"]),
                                    ("member", [f"uid=nobody,ou=people,{BASE}".encode()])])
        except ldap.ALREADY_EXISTS:
            pass
        gone = add("uid=gone", ("uid", [b"gone"]))
        causes = {"mirrored": self.user_dn(4711), "unmatched": f"ou=d3,ou=people,{BASE}",
                  "duplicate": add("cn=twice", ("uid", [b"u0000007"])), "invalid_value": add("sn=S"),
                  "pending_reference": group, "out_of_base": "uid=somebody,dc=elsewhere",
                  "not_in_directory": f"uid=never,ou=people,{BASE}", "unknown": "no such name"}
        self.until_visible(directory, 1, f"Told {time.time()}")
        directory.delete_s(gone)
        self.until_visible(directory, 1, f"Gone {time.time()}")
        return causes | {"removed": gone}

    def explain(self):
        """`bascule explain` as a person runs it, the program's start included."""
        for cause, subject in self.make_causes(self.directory()).items():
            times, told = [], ""
            for _ in range(20):
                took, done = milliseconds(lambda: subprocess.run(
                    [self.build / "daemon" / "bascule", "--socket", self.folder / "admin.sock", "--json", "explain", subject],
                    capture_output=True, text=True, check=False))
                times.append(took)
                told = done.stdout
            found = json.loads(told)["explanations"][0]
            causes = [found["code"], *(finding["code"] for finding in found["findings"])]
            assert cause in causes or cause == "invalid_value", (cause, causes)
            self.judge(f"explain: {cause}", round(max(times)), "ms", 200, f"p50 {percentile(times, 0.5):.0f} ms,")

    def figures_to_run(self):
        return [self.push_delta, self.large_group_member, self.member_storm, self.poison_entry, self.explain,
                self.friendliness, self.silent_server, self.zero_restart]


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of the storm of members")
    MirrorTargets(parser.parse_args()).run()

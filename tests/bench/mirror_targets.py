#!/usr/bin/env python3
"""Measures what the mirror of an OpenLDAP directory promises, each figure beside its target.

  tests/bench/mirror_targets.py --build build/release [--users 1000000] [--folder DIR] [--only NAME ...]

Starts slapd and the program, mirrors (the raw consumer that drops every entry beside it), and then runs the figures below.
The names in front are those of the targets: B1 push delta, B6 first load, B7 restart, B8 large group, B9 storm of members,
B21 silent server, B28 friendliness to the server. Prints whether each target is met.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import ldap

from end_to_end import BASE, percentile
from targets import Targets


class MirrorTargets(Targets):
    def judge(self, name, value, unit, limit, reference=""):
        met = "met" if value <= limit else "MISSED"
        self.record(name, value, unit, reference, f"{limit} {unit}: {met}")

    def directory(self):
        connection = ldap.initialize(f"ldap://127.0.0.1:{self.ports['ldap']}")
        connection.simple_bind_s(f"cn=admin,{BASE}", "admin")
        return connection

    @staticmethod
    def user_dn(number):
        return f"uid=u{number:07d},ou=d{number % 10},ou=people,{BASE}"

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

    def first_mirror(self):
        super().first_mirror()
        seconds, peak = self.figures[-2]["value"], self.figures[-1]["value"]
        self.judge("B6 first load for each million users", round(seconds * 1e6 / self.options.users, 1), "s", 30)
        self.judge("B6 peak memory", peak, "MB", round(300 + 64 * self.options.users / 1e6))

    def push_delta(self):
        """B1: fifty changes a second flow while single ones are timed."""
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
        self.judge("B1 change to visible by SCIM, p50", round(percentile(times, 0.5), 2), "ms", 50)
        self.judge("B1 change to visible by SCIM, p99", round(percentile(times, 0.99), 2), "ms", 500)

    def zero_restart(self):
        """B7: nothing is read again."""
        self.stop_daemon()
        started = self.start_daemon()
        live = self.poll(lambda: self.source_state().get("state") == "live", 60, 0.02)
        self.judge("B7 restart to live", round(live - started, 2), "s", 2)
        self.judge("B7 entries read again", self.source_state().get("received", -1), "", 0)

    def large_group_dn(self, directory):
        found = directory.search_ext_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=groupOfNames)", ["member"])
        return max(found, key=lambda group: len(group[1].get("member", [])))

    def large_group_member(self):
        """B8: one member leaves the largest group and comes back; the server sends the whole entry."""
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
        self.judge(f"B8 one member of a group of {len(attributes['member'])}", round(max(times), 2), "s", 5)

    def member_storm(self):
        """B9: 100,000 edges a minute for 15 s, then how long the backlog takes."""
        directory = self.directory()
        people = [self.user_dn(n).encode() for n in range(min(self.options.users, 25_000))]
        groups = [f"cn=storm{n},{BASE}" for n in range(50)]
        for dn in groups:
            try:
                directory.add_s(dn, [("objectClass", [b"groupOfNames"]), ("cn", [dn.split(",")[0][3:].encode()]), ("member", people[:1])])
            except ldap.ALREADY_EXISTS:
                pass
        begin, sent = time.perf_counter(), 0
        while sent + 200 < len(people) and time.perf_counter() - begin < 15:
            at = 1 + sent % (len(people) - 101)
            dn = groups[(sent // 100) % len(groups)]
            try:
                directory.modify_s(dn, [(ldap.MOD_ADD, "member", people[at:at + 100])])
            except ldap.TYPE_OR_VALUE_EXISTS:
                pass
            sent += 100
            time.sleep(max(0.0, begin + sent / (100_000 / 60) - time.perf_counter()))
        drained = self.until_visible(directory, 3, f"Drained {begin}") / 1000
        self.judge(f"B9 backlog after {sent} edges", round(drained, 2), "s", 30)

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.daemon.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def silent_server(self):
        """B21: a server that says nothing costs no processor, and SCIM goes on."""
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
        self.judge("B21 processor beside a silent server", round(share, 2), "%", 1)
        self.judge("B21 a read meanwhile", round(answered, 2), "ms", 100)
        self.poll(lambda: self.source_state().get("state") == "live", 120, 0.1)

    def friendliness(self):
        """B28: connections to the server while the stream runs."""
        listing = subprocess.run(["ss", "-Htnp", "state", "established", f"( dport = :{self.ports['ldap']} )"],
                                 capture_output=True, text=True, check=True).stdout
        self.judge("B28 connections to the server", sum(f"pid={self.daemon.pid}," in line for line in listing.splitlines()), "", 2)

    def run(self):
        figures = [self.push_delta, self.large_group_member, self.member_storm, self.friendliness, self.silent_server, self.zero_restart]
        try:
            self.load_directory()
            self.start_slapd()
            self.first_mirror()
            for figure in figures:
                if not self.options.only or figure.__name__ in self.options.only:
                    figure()
        finally:
            for process in (self.daemon, self.slapd):
                if process and process.poll() is None:
                    process.terminate()
                    process.wait(60)
            if not self.options.keep and not self.options.folder:
                shutil.rmtree(self.folder, ignore_errors=True)
        if self.options.json:
            pathlib.Path(self.options.json).write_text(json.dumps(self.figures, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--folder", help="keeps the loaded directory for the next run")
    parser.add_argument("--only", nargs="*", help="names of the figures to run, such as push_delta or member_storm")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json")
    os.umask(0o077)
    MirrorTargets(parser.parse_args()).run()

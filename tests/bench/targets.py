#!/usr/bin/env python3
"""Measures what the SCIM service promises at a million users, each figure beside its target and a reference.

  tests/bench/targets.py --build build/release [--users 1000000] [--groups 10000] [--folder DIR] [--only NAME ...]

Starts slapd and the program, mirrors, and then runs the figures below, each on its own connection. Latencies are
those of one client that sends one request after the other; rates are wrk's with 32 connections. References are a bare
Beast server that answers a fixed body and a raw SQLite read of the same row.
"""
import concurrent.futures
import json
import pathlib
import random
import sqlite3
import subprocess
import time
import urllib.parse

from bench import PATCH_OP, arguments, milliseconds, percentile
from end_to_end import EndToEnd

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Targets(EndToEnd):
    def __init__(self, options):
        super().__init__(options)
        self.more_entries = ("--small-groups", str(options.groups))
        self.random = random.Random(7)
        self.features = {}

    # --- helpers ----------------------------------------------------------------------------------------------------

    def number(self):
        return self.random.randrange(self.options.users)

    def latency(self, name, target, times, request, check=lambda body: True):
        """The 50th and 99th percentile of `request(connection)`; `check` looks at every answer."""
        connection = self.connect()
        for _ in range(5):
            request(connection)
        spent = []
        for _ in range(times):
            took, body = milliseconds(lambda: request(connection))
            assert check(body), (name, str(body)[:300])
            spent.append(took)
        self.record(name, round(percentile(spent, 0.99), 2), "ms", f"p50 {percentile(spent, 0.5):.2f} ms, p99 beside it,",
                    target)
        return percentile(spent, 0.5)

    def large_group(self, connection):
        size = min(100_000, self.options.users)
        found = self.get(connection, "/Groups", filter=f'displayName eq "size{size}"', attributes="id")
        return found["Resources"][0]["id"]

    def feature(self, name):
        if not self.features:
            self.features = self.get(self.connect(), "/ServiceProviderConfig")
        return self.features.get(name, {})

    def skip(self, name, why):
        print(f"{name:<58} {'skipped: ' + why}", flush=True)

    # --- membership -------------------------------------------------------------------------------------------------

    def membership(self):
        """One member of a large group costs what one of a small group costs; many at once stay quick."""
        self.group_members()
        connection = self.connect()
        count = min(10_000, self.options.users)
        ids = [user["id"] for start in range(1, count + 1, 1000)
               for user in self.get(connection, "/Users", count=1000, startIndex=start, attributes="id")["Resources"]]
        group = self.call(connection, "POST", "/Groups", {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "At once"})[1]["id"]
        message = {"schemas": [PATCH_OP], "Operations": [
            {"op": "add", "path": "members", "value": [{"value": member} for member in ids]}]}
        took, (status, answer) = milliseconds(lambda: self.call(connection, "PATCH", f"/Groups/{group}", message))
        assert status in (200, 204), answer
        self.record(f"{count} members in one PATCH", round(took), "ms", "", "500 ms")

    def member_lists(self):
        """What is not asked for is not read."""
        connection = self.connect()
        group = self.large_group(connection)
        self.latency("large group without members", "p99 1 ms", 500,
                     lambda c: self.get(c, f"/Groups/{group}", excludedAttributes="members"), lambda b: "members" not in b)
        size = self.call(connection, "GET", f"/Groups/{group}?excludedAttributes=members")[1]["displayName"]
        listed = "/Groups?" + urllib.parse.urlencode({"filter": f'displayName eq "{size}"'})
        for name, path in (("large group with members", f"/Groups/{group}"), ("list with the large group", listed)):
            first, whole = [], []
            for _ in range(20):
                begin = time.perf_counter()
                connection.request("GET", "/scim/v2" + path, headers={"Authorization": f"Bearer {self.token}"})
                response = connection.getresponse()
                response.read(1)
                first.append((time.perf_counter() - begin) * 1000)
                response.read()
                whole.append((time.perf_counter() - begin) * 1000)
            self.record(name + ", first byte", round(percentile(first, 0.5), 1), "ms",
                        f"p99 {percentile(first, 0.99):.1f} ms, whole {percentile(whole, 0.5):.0f} ms, "
                        f"memory {self.memory('VmRSS')} MB,", "5 ms")

    def groups_of_users(self):
        ids = [self.user_id(self.connect(), self.number()) for _ in range(300)]
        pick = lambda: self.random.choice(ids)
        self.latency("Groups?filter=members.value eq", "p99 2 ms", 300,
                     lambda c: self.get(c, "/Groups", filter=f'members.value eq "{pick()}"', excludedAttributes="members"))
        self.latency("User.groups", "p99 2 ms", 300, lambda c: self.get(c, f"/Users/{pick()}", attributes="groups"))
        group = self.large_group(self.connect())
        self.latency("Users?filter=groups.value eq, group of 100,000", "p99 2 ms", 300,
                     lambda c: self.get(c, "/Users", filter=f'groups.value eq "{group}"', attributes="userName"))
        self.latency("the same, a page of 100 behind 90,000", "", 50,
                     lambda c: self.get(c, "/Users", filter=f'groups.value eq "{group}"', attributes="userName",
                                        startIndex=min(90_000, self.options.users // 2), count=100))

    # --- pages ------------------------------------------------------------------------------------------------------

    def pages(self):
        users = self.options.users
        deep = users * 9 // 10
        first = self.latency("index page of 100 at 1", "", 100, lambda c: self.get(c, "/Users", startIndex=1, count=100))
        far = self.latency(f"index page of 100 at {deep}", "20 ms", 100,
                           lambda c: self.get(c, "/Users", startIndex=deep + self.random.randrange(users // 20), count=100),
                           lambda body: body["totalResults"] >= users and len(body["Resources"]) == 100)
        self.record("index page, far against first", round(far / first, 2), "x")
        if not self.feature("pagination").get("cursor"):
            return self.skip("cursor pages", "not announced")
        connection, cursor, spent = self.connect(), "", []
        for _ in range(min(1000, users // 100)):
            took, body = milliseconds(lambda: self.get(connection, "/Users", cursor=cursor, count=100))
            spent.append(took)
            cursor = body.get("nextCursor")
            if not cursor:
                break
        last = percentile(spent[-50:], 0.5)
        self.record(f"cursor page {len(spent)} of 100 resources", round(percentile(spent, 0.99), 2), "ms",
                    f"p50 of the last {last:.2f} ms, of the first {percentile(spent[:50], 0.5):.2f} ms,", "p99 10 ms, 1.2 x")

    # --- filters ----------------------------------------------------------------------------------------------------

    def filters(self):
        last = self.options.users - 1
        name = lambda: f"u{self.number():07d}"
        figures = [
            ("userName eq", "p99 2 ms", 300, lambda: f'userName eq "{name()}"'),
            ("emails.value eq", "p99 2 ms", 300, lambda: f'emails.value eq "{name()}@bench.test"'),
            ("extension employeeNumber eq", "p99 2 ms", 300, lambda: f'{ENTERPRISE}:employeeNumber eq "{self.number()}"'),
            ("value path on emails", "p99 2 ms", 300, lambda: f'emails[value eq "{name()}@bench.test" and type eq "work"]'),
            ("and with a frequent term", "p99 2 ms", 300, lambda: f'active eq true and userName eq "{name()}"'),
            ("or of two terms", "p99 2 ms", 300, lambda: f'userName eq "{name()}" or userName eq "{name()}"'),
            ("userName sw, 100 hits", "p99 5 ms", 300, lambda: f'userName sw "u{self.number() // 100:05d}"'),
            ("userName range, 100 hits", "p99 5 ms", 300, lambda: f'userName gt "u{last - 100:07d}" and userName le "u{last:07d}"'),
            ("eq and not eq", "p99 5 ms", 300, lambda: f'userName sw "u{self.number() // 100:05d}" and not (title eq "Engineer 7")'),
            ("nickName pr, no hits", "p99 2 ms", 300, lambda: "nickName pr"),
            ("userName co", "p99 30 ms", 20, lambda: f'userName co "{name()[2:]}"'),
            ("userName ew", "p99 30 ms", 20, lambda: f'userName ew "{name()[2:]}"'),
        ]
        for label, target, times, filter_of in figures:
            self.latency(label, target, times, lambda c: self.get(c, "/Users", filter=filter_of(), count=100))

    # --- rates, bulk, memory ----------------------------------------------------------------------------------------

    def references(self):
        """What this machine can do at best: a fixed answer over HTTP, and the row itself."""
        program = self.build / "tests" / "bench" / "http_bench"
        if program.exists():
            done = subprocess.run([pathlib.Path(__file__).parent / "http_bench.sh", program, "4"], capture_output=True,
                                  text=True, check=True)
            rate = float(done.stdout.splitlines()[0].split()[-4])
            self.record("reference: bare Beast, fixed body", round(rate), "/s")
        database = sqlite3.connect(f"file:{self.folder}/state/bascule.db?mode=ro", uri=True)
        database.execute("PRAGMA cache_size=-16384")
        ids = [bytes.fromhex(line.replace("-", "")) for line in (self.folder / "ids").read_text().split()]
        sql = "SELECT o.*, d.body FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.id=?"
        spent = []
        for _ in range(20_000):
            took, row = milliseconds(lambda: database.execute(sql, (self.random.choice(ids),)).fetchone())
            assert row
            spent.append(took * 1000)
        self.record("reference: raw SQLite read of one row from Python, p50", round(percentile(spent, 0.5), 1), "us",
                    f"p99 {percentile(spent, 0.99):.1f} us")
        database.close()

    def rates(self):
        self.reads()
        self.references()
        self.writes()

    def bulk(self):
        if not self.feature("bulk").get("supported"):
            return self.skip("bulk", "not announced")
        operations = []
        for n in range(500):
            operations.append({"method": "POST", "path": "/Users", "bulkId": f"u{n}", "data": {
                "schemas": [USER], "userName": f"bulk{time.time_ns()}-{n}"}})
            operations.append({"method": "PATCH", "path": f"/Users/bulkId:u{n}", "data": {
                "schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "Bulk"}]}})
        message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
        most = self.feature("bulk").get("maxOperations", 0)
        if most < len(operations):
            message["Operations"] = operations[:most]
        took, (status, answer) = milliseconds(lambda: self.call(self.connect(), "POST", "/Bulk", message))
        assert status == 200, answer
        bad = [operation for operation in answer["Operations"] if int(operation["status"]) >= 400]
        assert not bad, bad[:2]
        self.record(f"bulk of {len(message['Operations'])} POST and PATCH", round(took), "ms", "", "400 ms")

    def bulk_import(self):
        """An import of people through /Bulk, as large requests over a few connections."""
        if not self.feature("bulk").get("supported"):
            return self.skip("bulk import", "not announced")
        size = min(1000, self.feature("bulk").get("maxOperations", 0))
        people, mark = self.options.imports, time.time_ns()

        def message(start):
            return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": f"i{n}", "data": {
                    "schemas": [USER], "userName": f"import{mark}-{n}", "displayName": f"Given{n % 997} Sur{n % 7919}",
                    "name": {"givenName": f"Given{n % 997}", "familyName": f"Sur{n % 7919}"}, "title": f"Engineer {n % 40}",
                    "emails": [{"value": f"i{mark}-{n}@bench.test", "type": "work"}], "active": True}}
                for n in range(start, min(start + size, people))]}

        def send(starts):
            connection = self.connect()
            for start in starts:
                status, answer = self.call(connection, "POST", "/Bulk", message(start))
                assert status == 200, answer
                bad = [operation for operation in answer["Operations"] if int(operation["status"]) != 201]
                assert not bad, bad[:2]

        starts = list(range(0, people, size))
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(send, [starts[part::4] for part in range(4)]))
        took = time.perf_counter() - begin
        self.record(f"import of {people} people by bulk requests of {size}", round(took, 1), "s",
                    f"{people / took:.0f}/s, 1,000,000 at this rate {1_000_000 / people * took:.0f} s,", "300 s for 1,000,000")

    def disk_and_restart(self):
        self.restart()
        database = sqlite3.connect(f"file:{self.folder}/state/bascule.db?mode=ro", uri=True)
        (documents,) = database.execute("SELECT sum(length(body)) FROM document").fetchone()
        (objects,) = database.execute("SELECT count(*) FROM object").fetchone()
        database.close()
        size = (self.folder / "state" / "bascule.db").stat().st_size
        self.record("on disk per object beside its document", round((size - documents) / objects), "bytes",
                    f"document {documents / objects:.0f} bytes,", "2048")

    def figures_to_run(self):
        return [self.membership, self.member_lists, self.groups_of_users, self.pages, self.filters, self.rates, self.bulk,
                self.bulk_import, self.disk_and_restart]


if __name__ == "__main__":
    parser = arguments(__doc__, groups=10_000)
    parser.add_argument("--imports", type=int, default=100_000, help="people of the bulk import")
    Targets(parser.parse_args()).run()

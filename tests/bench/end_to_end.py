#!/usr/bin/env python3
"""Measures the whole product against a real slapd on this machine, each figure beside its reference.

  tests/bench/end_to_end.py --build build/release [--users 1000000] [--folder DIR] [--keep]

Prints one line per figure and a JSON document at the end (--json FILE). Needs: scripts/install-packages bench.
"""
import json
import random
import time

from bench import PATCH_OP, Bench, arguments, percentile


class EndToEnd(Bench):
    def reads(self):
        connection = self.connect()
        numbers = random.Random(1).sample(range(self.options.users), min(20_000, self.options.users))
        names = self.folder / "names"
        names.write_text("".join(f"u{n:07d}\n" for n in numbers))
        ids = self.folder / "ids"
        with open(ids, "w", encoding="ascii") as out:
            for n in numbers[:5000]:
                out.write(self.user_id(connection, n) + "\n")
        rate, p99 = self.wrk(ids, 'return wrk.format("GET", "/scim/v2/Users/" .. item)')
        self.record("GET by id", rate, "/s", f"p99 {p99} ms,", "30000/s")
        rate, p99 = self.wrk(names, 'return wrk.format("GET", "/scim/v2/Users?filter=userName%20eq%20%22" .. item .. "%22")')
        self.record("userName eq", rate, "/s", f"p99 {p99} ms,", "20000/s, p99 3 ms")

    def writes(self):
        connection = self.connect()
        created = []
        for n in range(500):
            status, body = self.call(connection, "POST", "/Users", {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"local{n}", "title": "x"})
            assert status == 201, body
            created.append(body["id"])
        ids = self.folder / "local-ids"
        ids.write_text("\n".join(created) + "\n")
        operation = json.dumps({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "@"}]})
        rate, p99 = self.wrk(ids, "return wrk.format(\"PATCH\", \"/scim/v2/Users/\" .. item, {[\"Authorization\"]=\"Bearer \" .. token, "
                             "[\"Content-Type\"]=\"application/scim+json\"}, ([[" + operation + "]]):gsub(\"@\", math.random(1000000)))")
        self.record("durable PATCH, 32 connections", rate, "/s", f"p99 {p99} ms,", "6000/s, p99 20 ms")

    def group_members(self):
        connection = self.connect()
        status, body = self.call(connection, "GET", "/Users?count=1000&attributes=id")
        assert status == 200, body
        figures = {}
        for size in (100, min(100_000, self.options.users)):
            members, start = [], 1
            while len(members) < size + 1:
                page = self.call(connection, "GET", f"/Users?count=1000&startIndex={start}&attributes=id")[1]["Resources"]
                members += [user["id"] for user in page]
                start += 1000
            extra, members = members[size], members[:size]
            status, group = self.call(connection, "POST", "/Groups", {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": f"Local {size}"})
            assert status == 201, group
            for at in range(0, size, 5000):
                status, answer = self.call(connection, "PATCH", f"/Groups/{group['id']}", {"schemas": [PATCH_OP], "Operations": [
                    {"op": "add", "path": "members", "value": [{"value": m} for m in members[at:at + 5000]]}]})
                assert status in (200, 204), answer
            times = []
            for turn in range(1000):
                operation = ({"op": "add", "path": "members", "value": [{"value": extra}]} if turn % 2 == 0
                             else {"op": "remove", "path": f'members[value eq "{extra}"]'})
                begin = time.perf_counter()
                status, answer = self.call(connection, "PATCH", f"/Groups/{group['id']}", {"schemas": [PATCH_OP], "Operations": [operation]})
                times.append((time.perf_counter() - begin) * 1000)
                assert status in (200, 204), answer
            figures[size] = times
            self.record(f"member PATCH, group of {size}, p50", round(percentile(times, 0.5), 2), "ms",
                        f"p99 {percentile(times, 0.99):.2f} ms", "p99 5 ms")
        small, large = figures.values()
        self.record("member PATCH, large group against small (p50)", round(percentile(large, 0.5) / percentile(small, 0.5), 2), "x", "", "1.5")

    def change_latency(self):
        import ldap  # python3-ldap, only needed here

        directory = self.directory()
        connection = self.connect()
        times = []
        for turn in range(300):
            number = turn % min(1000, self.options.users)
            identifier = self.user_id(connection, number)
            wanted = f"Changed {turn}"
            begin = time.perf_counter()
            directory.modify_s(self.user_dn(number), [(ldap.MOD_REPLACE, "title", [wanted.encode()])])
            while self.call(connection, "GET", f"/Users/{identifier}")[1].get("title") != wanted:
                if time.perf_counter() - begin > 10:
                    raise SystemExit("the change did not arrive")
            times.append((time.perf_counter() - begin) * 1000)
        self.record("change in slapd to visible by SCIM, p50", round(percentile(times, 0.5), 2), "ms",
                    f"p99 {percentile(times, 0.99):.1f} ms; syncrepl notification alone 0.18 ms,", "p50 10 ms")

    def restart(self):
        self.stop_daemon()
        started = self.start_daemon()
        connection = self.connect

        def serving():
            return self.call(connection(), "GET", "/Users?count=1")[0] == 200

        served = self.poll(serving, 60, 0.002)
        self.poll(lambda: self.source_state().get("state") == "live", 60, 0.02)
        self.record("restart to serving", round(served - started, 2), "s", "", "2 s")
        self.record("entries read again after the restart", self.source_state().get("received", "?"), "", "", "0")
        self.record("memory after the restart", self.memory("VmRSS"), "MB", "", "60 MB")

    def figures_to_run(self):
        return [self.reads, self.writes, self.group_members, self.change_latency, self.restart]


if __name__ == "__main__":
    EndToEnd(arguments(__doc__).parse_args()).run()

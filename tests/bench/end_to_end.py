#!/usr/bin/env python3
"""Measures the whole product against a real slapd on this machine, each figure beside its reference.

  tests/bench/end_to_end.py --build build/release [--users 1000000] [--folder DIR] [--keep]

Prints one line per figure and a JSON document at the end (--json FILE). Needs: scripts/install-packages bench.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
BASE = "dc=bench,dc=test"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

SLAPD_CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
pidfile {folder}/slapd.pid
threads 4
database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw admin
directory {folder}/ldap
maxsize 8589934592
dbnosync
index objectClass,entryUUID,entryCSN,uid,member eq
limits dn.exact="cn=bascule,ou=services,{base}" size=unlimited time=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=bascule,ou=services,{base}" read by users read by * none
overlay syncprov
syncprov-checkpoint 1000 10
syncprov-sessionlog 10000
"""

CONFIG = """
server: {{ listen: "127.0.0.1:{http}", public_url: "http://127.0.0.1:{http}" }}
management: {{ listen: "127.0.0.1:{management}" }}
admin: {{ socket: {folder}/admin.sock }}
store: {{ sqlite: {{ path: {folder}/state/bascule.db }} }}
sources:
  - name: bench
    servers: ["ldap://127.0.0.1:{ldap}"]
    base: {base}
    bind: {{ dn: "cn=bascule,ou=services,{base}", password: {{ file: {folder}/password }} }}
"""

WRK = """
local token = "{token}"
local lines = {{}}
for line in io.lines("{file}") do lines[#lines + 1] = line end
math.randomseed(os.time())
wrk.headers["Authorization"] = "Bearer " .. token
request = function()
  local item = lines[math.random(#lines)]
  {body}
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %f %f %d %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(99) / 1000, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Bench:
    more_entries = ()  # further arguments of make_users.py

    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build).resolve()
        self.folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="bascule-bench."))
        self.folder.mkdir(exist_ok=True)
        self.ports = {name: free_port() for name in ("ldap", "http", "management")}
        self.figures = []
        self.slapd = self.daemon = None
        self.token = ""

    def record(self, name, value, unit, reference="", target=""):
        self.figures.append({"figure": name, "value": value, "unit": unit, "reference": reference, "target": target})
        print(f"{name:<58} {value:>12} {unit:<6} {reference} {('target ' + target) if target else ''}", flush=True)

    # --- the servers ------------------------------------------------------------------------------------------------

    def load_directory(self):
        (self.folder / "ldap").mkdir(exist_ok=True)
        (self.folder / "slapd.conf").write_text(SLAPD_CONF.format(folder=self.folder, base=BASE))
        if (self.folder / "ldap" / "data.mdb").exists():
            return
        ldif = self.folder / "users.ldif"
        with open(ldif, "w", encoding="ascii") as out:
            subprocess.run([sys.executable, HERE / "make_users.py", str(self.options.users), "--group-size",
                            str(min(100_000, self.options.users)), *self.more_entries], stdout=out, check=True)
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.folder / "slapd.conf", "-b", BASE, "-l", ldif], check=True)
        ldif.unlink()

    def start_slapd(self):
        self.slapd = subprocess.Popen(["/usr/sbin/slapd", "-d", "0", "-f", self.folder / "slapd.conf", "-h",
                                       f"ldap://127.0.0.1:{self.ports['ldap']}/"], stderr=subprocess.DEVNULL)
        self.poll(lambda: socket.create_connection(("127.0.0.1", self.ports["ldap"]), 1).close() or True, 30)

    def start_daemon(self):
        (self.folder / "state").mkdir(exist_ok=True)
        password = self.folder / "password"
        if not password.exists():
            password.write_text("service")
            password.chmod(0o600)
        config = self.folder / "bascule.yaml"
        config.write_text(CONFIG.format(folder=self.folder, base=BASE, **self.ports))
        log = open(self.folder / "bascule.log", "a", encoding="utf-8")
        started = time.monotonic()
        self.daemon = subprocess.Popen([self.build / "daemon" / "bascule", "serve", "--config", config], stdout=log, stderr=log)
        return started

    def stop_daemon(self, how=signal.SIGTERM):
        self.daemon.send_signal(how)
        self.daemon.wait(60)

    @staticmethod
    def poll(condition, seconds, pause=0.005):
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            try:
                if condition():
                    return time.monotonic()
            except OSError:
                pass
            time.sleep(pause)
        raise SystemExit("gave up waiting")

    def cli(self, *arguments):
        done = subprocess.run([self.build / "daemon" / "bascule", "--socket", self.folder / "admin.sock", *arguments],
                              capture_output=True, text=True, check=True)
        return done.stdout

    def source_state(self):
        try:
            return json.loads(self.cli("--json", "status"))["sources"][0]
        except (subprocess.CalledProcessError, json.JSONDecodeError, KeyError, IndexError):
            return {}

    def memory(self, field="VmHWM"):
        for line in pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return round(int(line.split()[1]) / 1024)
        return 0

    # --- requests ---------------------------------------------------------------------------------------------------

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=120)

    def call(self, connection, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        connection.request(method, "/scim/v2" + path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, (json.loads(text) if text else None)

    def wrk(self, file, body, seconds=6, connections=32):
        script = self.folder / "request.lua"
        script.write_text(WRK.format(token=self.token, file=file, body=body))
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
                               f"http://127.0.0.1:{self.ports['http']}"], capture_output=True, text=True, check=True)
        result = [line for line in done.stdout.splitlines() if line.startswith("RESULT")][0].split()
        rate, p99, bad, broken = float(result[1]), float(result[2]), int(result[3]), int(result[4])
        if bad or broken:
            print(f"  {bad} answers were errors, {broken} connections failed", flush=True)
        return round(rate), round(p99, 2)

    # --- figures ----------------------------------------------------------------------------------------------------

    def first_mirror(self):
        reference = json.loads(subprocess.run(
            [self.build / "tests" / "bench" / "raw_consumer", f"ldap://127.0.0.1:{self.ports['ldap']}",
             f"cn=bascule,ou=services,{BASE}", "service", BASE], capture_output=True, text=True, check=True).stdout)
        started = self.start_daemon()
        live = self.poll(lambda: self.source_state().get("state") == "live", 600, 0.05)
        self.record(f"first mirror of {self.options.users} users", round(live - started, 1), "s",
                    f"raw consumer that drops every entry {reference['seconds']:.1f} s,", "45 s at 1M")
        self.record("peak memory of the first mirror", self.memory(), "MB", "", "300 MB")
        self.token = self.cli("token", "create", "--name", f"bench{int(time.time())}", "--scope",
                              "users:write,groups:write,admin:write").split()[0]

    def reads(self):
        connection = self.connect()
        numbers = random.Random(1).sample(range(self.options.users), min(20_000, self.options.users))
        names = self.folder / "names"
        names.write_text("".join(f"u{n:07d}\n" for n in numbers))
        ids = self.folder / "ids"
        with open(ids, "w", encoding="ascii") as out:
            for n in numbers[:5000]:
                query = urllib.parse.urlencode({"filter": f'userName eq "u{n:07d}"', "attributes": "id"})
                out.write(self.call(connection, "GET", f"/Users?{query}")[1]["Resources"][0]["id"] + "\n")
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

        directory = ldap.initialize(f"ldap://127.0.0.1:{self.ports['ldap']}")
        directory.simple_bind_s(f"cn=admin,{BASE}", "admin")
        connection = self.connect()
        times = []
        for turn in range(300):
            number = turn % min(1000, self.options.users)
            query = urllib.parse.urlencode({"filter": f'userName eq "u{number:07d}"', "attributes": "id"})
            identifier = self.call(connection, "GET", f"/Users?{query}")[1]["Resources"][0]["id"]
            wanted = f"Changed {turn}"
            dn = f"uid=u{number:07d},ou=d{number % 10},ou=people,{BASE}"
            begin = time.perf_counter()
            directory.modify_s(dn, [(ldap.MOD_REPLACE, "title", [wanted.encode()])])
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

    def run(self):
        try:
            self.load_directory()
            self.start_slapd()
            self.first_mirror()
            self.reads()
            self.writes()
            self.group_members()
            self.change_latency()
            self.restart()
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--folder", help="keeps the loaded directory for the next run")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json")
    os.umask(0o077)
    Bench(parser.parse_args()).run()

"""What the measurements share: slapd with many people, the program before it, requests, figures and their targets."""
import argparse
import http.client
import json
import os
import pathlib
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
{source_lines}"""

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


def milliseconds(fn):
    begin = time.perf_counter()
    result = fn()
    return (time.perf_counter() - begin) * 1000, result


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Bench:
    more_entries = ()  # further arguments of make_users.py
    source_lines = ""  # further YAML of the source

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

    def judge(self, name, value, unit, limit, reference=""):
        met = "met" if value <= limit else "MISSED"
        self.record(name, value, unit, reference, f"{limit} {unit}: {met}")

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
        config.write_text(CONFIG.format(folder=self.folder, base=BASE, source_lines=self.source_lines, **self.ports))
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

    def get(self, connection, path, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        status, body = self.call(connection, "GET", path + query)
        assert status == 200, (status, body)
        return body

    def user_id(self, connection, number):
        found = self.get(connection, "/Users", filter=f'userName eq "u{number:07d}"', attributes="id")
        return found["Resources"][0]["id"]

    @staticmethod
    def user_dn(number):
        return f"uid=u{number:07d},ou=d{number % 10},ou=people,{BASE}"

    def directory(self):
        import ldap  # python3-ldap, which not every measurement needs

        connection = ldap.initialize(f"ldap://127.0.0.1:{self.ports['ldap']}")
        connection.simple_bind_s(f"cn=admin,{BASE}", "admin")
        return connection

    # --- runs -------------------------------------------------------------------------------------------------------

    def first_mirror(self):
        reference = json.loads(subprocess.run(
            [self.build / "tests" / "bench" / "raw_consumer", f"ldap://127.0.0.1:{self.ports['ldap']}",
             f"cn=bascule,ou=services,{BASE}", "service", BASE], capture_output=True, text=True, check=True).stdout)
        started = self.start_daemon()
        live = self.poll(lambda: self.source_state().get("state") == "live", 600, 0.05)
        self.judge(f"first mirror of {self.options.users} users", round(live - started, 1), "s",
                   max(3, 30 * self.options.users / 1e6), f"raw consumer that drops every entry {reference['seconds']:.1f} s,")
        self.judge("peak memory of the first mirror", self.memory(), "MB", round(300 + 64 * self.options.users / 1e6))
        self.token = self.cli("token", "create", "--name", f"bench{int(time.time())}", "--scope",
                              "users:write,groups:write,admin:write").split()[0]

    def figures_to_run(self):
        """Methods that measure, in order; `--only` picks some by name."""
        raise NotImplementedError

    def prepare(self):
        self.load_directory()
        self.start_slapd()
        self.first_mirror()

    def run(self):
        try:
            self.prepare()
            for figure in self.figures_to_run():
                if not self.options.only or figure.__name__ in self.options.only:
                    figure()
        finally:
            self.end()
        if self.options.json:
            pathlib.Path(self.options.json).write_text(json.dumps(self.figures, indent=2))

    def end(self):
        for process in (self.daemon, self.slapd):
            if process and process.poll() is None:
                process.terminate()
                process.wait(60)
        if not self.options.keep and not self.options.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def arguments(description, users=1_000_000, groups=100):
    """The parser of the arguments that all measurements take."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="folder of the release build")
    parser.add_argument("--users", type=int, default=users)
    parser.add_argument("--groups", type=int, default=groups, help="groups of ten beside the others")
    parser.add_argument("--folder", help="keeps the loaded directory for the next run")
    parser.add_argument("--only", nargs="*", help="names of the figures to run")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json")
    os.umask(0o077)
    return parser

#!/usr/bin/env python3
"""Measures how long a committed change takes to its receiver: pushed over loopback, and by a long poll.

  tests/bench/events_bench.py --build build/release [--changes 2000] [--rate 100]

Beside each figure stands the reference: the same POST from this program to the receiver itself.
"""
import argparse
import base64
import http.client
import http.server
import json
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

CONFIG = """
server: {{ listen: "127.0.0.1:{http}", public_url: "http://127.0.0.1:{http}" }}
management: {{ listen: "127.0.0.1:{management}" }}
admin: {{ socket: {folder}/admin.sock }}
store: {{ sqlite: {{ path: {folder}/state/bascule.db }} }}
sources:
  - name: none
    servers: ["ldap://127.0.0.1:1"]
    base: dc=none
    bind: {{ dn: "cn=none", password: {{ file: {folder}/password }} }}
"""
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
arrived = {}


def note(token):
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    for event in claims["events"].values():
        for operation in event.get("data", {}).get("Operations", []):
            arrived.setdefault(operation.get("value"), time.perf_counter())


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if token.count(".") == 2:
            note(token)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Client:
    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(self, method, path, body):
        self.connection.request(method, path, json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status < 300, (answer.status, text)
        return json.loads(text) if text else None


def poll_for_ever(port, token, stop):
    client = Client(port, token)
    done = []
    while not stop.is_set():
        answer = client.send("POST", "/events/v1/streams/poll/poll", {"ack": done, "maxEvents": 100})
        done = list(answer["sets"])
        for text in answer["sets"].values():
            note(text)


def report(name, seconds):
    seconds = sorted(seconds)
    at = lambda part: seconds[min(len(seconds) - 1, int(part * len(seconds)))] * 1000
    print(f"{name:42} p50 {at(.5):8.2f} ms   p99 {at(.99):8.2f} ms   worst {seconds[-1] * 1000:8.2f} ms")


def measure(client, user, changes, rate, prefix):
    arrived.clear()
    committed = {}
    begin = time.perf_counter()
    for number in range(changes):
        value = f"{prefix}{number}"
        wait = begin + number / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        client.send("PATCH", f"/scim/v2/Users/{user[number % len(user)]}", {
            "schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": value}]})
        committed[value] = time.perf_counter()
    limit = time.monotonic() + 30
    # Of changes that follow closely on one user, tokens may tell the later state only.
    while len(arrived) < changes * 0.98 and time.monotonic() < limit:
        time.sleep(0.01)
    return [max(arrived[value] - committed[value], 0) for value in committed if value in arrived]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--changes", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=100)
    options = parser.parse_args()
    program = str(pathlib.Path(options.build, "daemon/bascule").resolve())
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    target = receiver.server_address[1]
    with tempfile.TemporaryDirectory(prefix="events-bench.") as folder:
        ports = {"http": free_port(), "management": free_port()}
        pathlib.Path(folder, "state").mkdir()
        secret = pathlib.Path(folder, "password")
        secret.touch(0o600)
        secret.write_text("none")
        pathlib.Path(folder, "bascule.yaml").write_text(CONFIG.format(folder=folder, **ports))
        with open(f"{folder}/log", "w") as log:
            daemon = subprocess.Popen([program, "serve", "--config", f"{folder}/bascule.yaml"], stdout=log, stderr=log)
        ctl = lambda *arguments: subprocess.run(
            [program, "--socket", f"{folder}/admin.sock", *arguments], check=True, capture_output=True, text=True).stdout
        while not pathlib.Path(folder, "admin.sock").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        try:
            token = ctl("token", "create", "--name", "bench", "--scope", "users:write,events:read").strip()
            client = Client(ports["http"], token)
            users = [client.send("POST", "/scim/v2/Users", {"schemas": [USER], "userName": f"u{i}"})["id"]
                     for i in range(100)]
            direct = http.client.HTTPConnection("127.0.0.1", target)
            times = []
            for _ in range(500):
                begin = time.perf_counter()
                direct.request("POST", "/", "reference", {"Content-Type": "text/plain"})
                direct.getresponse().read()
                times.append(time.perf_counter() - begin)
            report("reference: POST to the receiver", times)
            ctl("stream", "create", "--name", "push", "--full", "--push", f"http://127.0.0.1:{target}/")
            report("commit to pushed token", measure(client, users, options.changes, options.rate, "a"))
            ctl("stream", "remove", "push")
            ctl("stream", "create", "--name", "poll", "--full", "--token", "bench")
            stop = threading.Event()
            threading.Thread(target=poll_for_ever, args=(ports["http"], token, stop), daemon=True).start()
            report("commit to polled token", measure(client, users, options.changes, options.rate, "b"))
            stop.set()
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == "__main__":
    main()

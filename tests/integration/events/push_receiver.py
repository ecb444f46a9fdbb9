#!/usr/bin/env python3
"""A receiver of pushed security event tokens (RFC 8935) for tests.

push_receiver.py FOLDER PORT [CERTIFICATE KEY]: listens on the port (0: any), writes its port to FOLDER/port, appends what it gets to
FOLDER/received (a JSON object a line) and behaves as FOLDER/mode says at each request: accept,
slow SECONDS, status CODE [RETRY_AFTER], refuse.
"""
import http.server
import json
import pathlib
import ssl
import sys
import time

folder = pathlib.Path(sys.argv[1])


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        mode = (folder / "mode").read_text().split()
        record = {
            "token": token,
            "mode": mode[0],
            "type": self.headers.get("Content-Type"),
            "authorization": self.headers.get("Authorization"),
            "time": time.time(),
        }
        if mode[0] == "slow":
            time.sleep(float(mode[1]))
        with open(folder / "received", "a") as out:
            out.write(json.dumps(record) + "\n")
        if mode[0] == "status":
            self.answer(int(mode[1]), headers=[("Retry-After", mode[2])] if len(mode) > 2 else [])
        elif mode[0] == "refuse":
            self.answer(400, json.dumps({"err": "invalid_request", "description": "not mine"}).encode())
        else:
            self.answer(202)


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
fresh = folder / "port.new"
fresh.write_text(str(server.server_address[1]))
fresh.rename(folder / "port")
server.serve_forever()

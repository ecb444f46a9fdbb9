#!/usr/bin/env python3
"""Gives the demo its administrative units, role assignments, local groups and applications through SCIM.

seed.py BASE_URL CA_FILE TOKEN_FILE PEOPLE_FILE
"""
import http.client
import json
import ssl
import sys
import urllib.parse

ROLES = {
    "Seattle": ["Authentication Administrator"],
    "Portland": ["Helpdesk Administrator"],
    "Denver": ["Authentication Administrator", "Helpdesk Administrator"],
    "Chicago": ["User Administrator"],
    "Orlando": ["User Administrator"],  # for the whole organisation
}
UNSCOPED = {"Orlando"}
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
OWN = "urn:bascule:params:scim:schemas:core:2.0:"


class Scim:
    def __init__(self, base_url, ca_file, token):
        url = urllib.parse.urlsplit(base_url)
        self.connection = http.client.HTTPSConnection(
            url.hostname, url.port, context=ssl.create_default_context(cafile=ca_file), timeout=30)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    def call(self, method, path, body=None):
        self.connection.request(method, f"/scim/v2{path}", json.dumps(body) if body else None, self.headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise SystemExit(f"{method} {path}: {response.status} {text.decode()}")
        return json.loads(text) if text else None

    def find_id(self, endpoint, attribute, value):
        query = urllib.parse.urlencode({"filter": f'{attribute} eq "{value}"', "attributes": "id"})
        found = self.call("GET", f"{endpoint}?{query}")["Resources"]
        return found[0]["id"] if found else None


def main():
    base_url, ca_file, token_file, people_file = sys.argv[1:5]
    with open(token_file, encoding="utf-8") as file:
        scim = Scim(base_url, ca_file, file.read().strip())
    with open(people_file, encoding="utf-8") as file:
        people = [line.rstrip("\n").split("\t") for line in file]
    ids = {uid: scim.find_id("/Users", "userName", uid) for uid, *_ in people}

    for location, roles in ROLES.items():
        here = [(uid, kind) for uid, _, place, kind in people if place == location]
        unit = scim.call("POST", "/AdministrativeUnits", {
            "schemas": [OWN + "AdministrativeUnit"], "displayName": location,
            "members": [{"value": ids[uid]} for uid, _ in here]})
        for uid, kind in here:
            if kind != "manager":
                continue
            for role in roles:
                assignment = {"schemas": [OWN + "RoleAssignment"], "role": role, "principal": {"value": ids[uid]}}
                if location not in UNSCOPED:
                    assignment["scope"] = {"value": unit["id"]}
                scim.call("POST", "/RoleAssignments", assignment)

    def group(name, *uids):
        return scim.call("POST", "/Groups", {
            "schemas": [CORE + "Group"], "displayName": name, "members": [{"value": ids[u]} for u in uids]})["id"]

    group("Expense approvers", "seattle.manager", "chicago.manager")
    group("Travel app users", "denver.staff")
    for name in ("Travel", "Expenses"):
        scim.call("POST", "/Applications", {"schemas": [OWN + "Application"], "displayName": name})


if __name__ == "__main__":
    main()

"""Verifies security event tokens: reads {"keys": JWK Set, "tokens": […]} from standard input and
writes [{"header": …, "claims": …}, …]; fails when a signature is wrong."""
import json
import sys

from jwcrypto import jwk, jws

given = json.load(sys.stdin)
keys = jwk.JWKSet.from_json(json.dumps(given["keys"]))
out = []
for text in given["tokens"]:
    token = jws.JWS()
    token.deserialize(text)
    header = token.jose_header
    assert header["alg"] in ("ES256", "RS256"), header
    token.verify(keys.get_key(header["kid"]), alg=header["alg"])
    out.append({"header": header, "claims": json.loads(token.payload)})
json.dump(out, sys.stdout)

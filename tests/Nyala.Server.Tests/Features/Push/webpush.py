#!/usr/bin/python3
"""Reads what a push service got as a browser would, with Debian's python3-cryptography: an implementation nobody here wrote.

JSON on standard input: body, private, auth (base64url), authorization, origin. Prints the decrypted payload.
"""
import base64
import json
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(key, salt, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(key)


asked = json.load(sys.stdin)
body = decode(asked["body"])
browser = ec.derive_private_key(int.from_bytes(decode(asked["private"]), "big"), ec.SECP256R1())
own = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
salt, size, sender = body[:16], int.from_bytes(body[16:20], "big"), body[21:21 + body[20]]
assert size >= len(body), "more than one record"
shared = browser.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
key = derive(shared, decode(asked["auth"]), b"WebPush: info\0" + own + sender, 32)
plain = AESGCM(derive(key, salt, b"Content-Encoding: aes128gcm\0", 16)).decrypt(
    derive(key, salt, b"Content-Encoding: nonce\0", 12), body[21 + body[20]:], None).rstrip(b"\0")
assert plain[-1:] == b"\2", "no end of the last record"

scheme, rest = asked["authorization"].split(" ", 1)
parts = dict(part.strip().split("=", 1) for part in rest.split(","))
header, claims, signature = parts["t"].split(".")
raw = decode(signature)
ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"])).verify(
    utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
    f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
said = json.loads(decode(claims))
assert scheme == "vapid" and json.loads(decode(header))["alg"] == "ES256", "no VAPID"
assert said["aud"] == asked["origin"] and time.time() < said["exp"] <= time.time() + 86400, f"claims {said}"
assert said["sub"].startswith(("mailto:", "https:")), f"contact {said}"
print(plain[:-1].decode())

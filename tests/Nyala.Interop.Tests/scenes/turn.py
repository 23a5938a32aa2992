#!/usr/bin/python3
"""Debian's coturn, configured by `nyala turn config`, accepts the credentials that clients get, and no others."""
import asyncio
import base64
import hashlib
import hmac
import ipaddress
import os
import re
import socket
import struct
import subprocess
import tempfile
from xml.etree import ElementTree

from stage import Client, Failed, check, play

EXTDISCO = "{urn:xmpp:extdisco:2}"
COOKIE = 0x2112A442
ALLOCATE, PERMISSION = 0x0003, 0x0008
USERNAME, INTEGRITY, ERROR, PEER, REALM, NONCE, RELAYED, TRANSPORT = 0x0006, 0x0008, 0x0009, 0x0012, 0x0014, 0x0015, 0x0016, 0x0019


class Stun:
    """As much of RFC 5389 and RFC 5766 as it takes to ask a relay for an address and a permission."""

    def __init__(self, relay):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(relay)
        self.realm = self.nonce = b""

    def ask(self, method, attributes, user=None, password=None):
        body = b"".join(self.attribute(kind, value) for kind, value in attributes)
        if user:
            for kind, value in ((USERNAME, user.encode()), (REALM, self.realm), (NONCE, self.nonce)):
                body += self.attribute(kind, value)
        transaction = os.urandom(12)
        if user:
            key = hashlib.md5(f"{user}:{self.realm.decode()}:{password}".encode()).digest()
            head = struct.pack("!HHI", method, len(body) + 24, COOKIE) + transaction
            body += self.attribute(INTEGRITY, hmac.new(key, head + body, hashlib.sha1).digest())
        self.socket.send(struct.pack("!HHI", method, len(body), COOKIE) + transaction + body)
        answer = self.socket.recv(2048)
        check(answer[8:20] == transaction, "an answer to something else")
        found, at = {}, 20
        while at + 4 <= len(answer):
            kind, length = struct.unpack_from("!HH", answer, at)
            found.setdefault(kind, answer[at + 4:at + 4 + length])
            at += 4 + length + -length % 4
        self.realm, self.nonce = found.get(REALM, self.realm), found.get(NONCE, self.nonce)
        code = found[ERROR][2] * 100 + found[ERROR][3] if ERROR in found else 0
        return code, found

    @staticmethod
    def attribute(kind, value):
        return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)

    def allocate(self, user=None, password=None):
        return self.ask(ALLOCATE, [(TRANSPORT, bytes([17, 0, 0, 0]))], user, password)

    def permit(self, peer, user, password):
        address = int(ipaddress.ip_address(peer)) ^ COOKIE
        return self.ask(PERMISSION, [(PEER, struct.pack("!BBHI", 0, 1, 9 ^ (COOKIE >> 16), address))], user, password)[0]


def attempt(relay, user, password):
    stun = Stun(relay)
    code, _ = stun.allocate()
    check(code == 401, f"without credentials the relay answers {code}")
    return (*stun.allocate(user, password), stun)


async def start(config, relay):
    """Runs the relay on loopback alone, and waits until it answers."""
    process = subprocess.Popen(["turnserver", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            Stun(relay).allocate()
            return process
        except OSError:
            if process.poll() is not None:
                raise Failed(f"coturn ended with {process.returncode}") from None
            await asyncio.sleep(0.1)
    raise Failed("coturn does not answer")


async def scene(romeo):
    host, port = os.environ["NYALA_TURN"].rsplit(":", 1)
    relay = (host, int(port))
    romeo = await Client(*romeo, "orchard").login()
    ask = romeo.make_iq_get(ito=romeo.boundjid.host)
    ask.append(ElementTree.Element(f"{EXTDISCO}services", {"type": "turn"}))
    services = (await ask.send()).xml.findall(f".//{EXTDISCO}service")
    udp = next(service for service in services if service.get("transport") == "udp")
    check((udp.get("host"), udp.get("port")) == (host, port), f"the relay is said to be at {udp.attrib}")

    printed = subprocess.run(
        [os.environ["NYALA_BIN"], "turn", "config", "--data", os.environ["NYALA_DATA"], "--set", f"Turn:Host={host}", "--set", f"Turn:Port={port}"],
        check=True, capture_output=True, text=True).stdout
    secret = re.search("(?m)^static-auth-secret=(.*)$", printed).group(1)
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "turnserver.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(printed.replace("\nsyslog\n", f"\nlog-file={folder}/log\nsimple-log\n"))
            file.write(f"listening-ip={host}\nrelay-ip={host}\npidfile={folder}/pid\nuserdb={folder}/db\n")
        process = await start(config, relay)
        try:
            user, password = udp.get("username"), udp.get("password")
            code, found, stun = attempt(relay, user, password)
            check(code == 0 and RELAYED in found, f"the relay answers {code} to the credentials it should accept")
            check(stun.permit("198.51.100.7", user, password) == 0, "the relay sends nothing to the outside")
            for inside in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254"):
                check(stun.permit(inside, user, password) == 403, f"the relay sends to {inside}")
            check(attempt(relay, user, password + "x")[0] == 401, "the relay accepts a wrong password")
            old = "1000000000:" + user.split(":")[1]
            made = base64.b64encode(hmac.new(secret.encode(), old.encode(), hashlib.sha1).digest()).decode()
            check(attempt(relay, old, made)[0] == 401, "the relay accepts credentials whose time is over")
        finally:
            process.terminate()
            process.wait()
    await romeo.quit()

play(scene)

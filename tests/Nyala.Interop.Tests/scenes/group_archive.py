#!/usr/bin/python3
"""A member of a private group looks from a second device: it is private, and its archive has everything once, with the addresses
of the files; what is there is what was sent. NYALA_SCENE has {"room", "said": {nick: text}, "files": {nick: SHA-256}}."""
import asyncio
import hashlib
import http.client
import json
import os
import socket
import ssl
import urllib.parse

from stage import Client, body_of, check, play


class Connection(http.client.HTTPSConnection):
    """To the server under test, whatever DNS says, if its certificate is of the authority of the test."""

    def __init__(self, address):
        super().__init__(address, context=ssl.create_default_context(cafile=os.environ["NYALA_ROOTS"]))

    def connect(self):
        raw = socket.create_connection((os.environ["NYALA_HOST"], self.port), timeout=20)
        self.sock = self._context.wrap_socket(raw, server_hostname=self.host)


def fetch(address):
    parts = urllib.parse.urlsplit(address)
    connection = Connection(parts.netloc)
    connection.request("GET", parts.path)
    return hashlib.sha256(connection.getresponse().read()).hexdigest()


async def scene(member):
    told = json.loads(os.environ["NYALA_SCENE"])
    client = await Client(*member, "archivist", available=False).login()
    info = await client["xep_0030"].get_info(jid=told["room"])
    features = set(info["disco_info"]["features"])
    check({"muc_membersonly", "muc_hidden", "muc_nonanonymous"} <= features, f"the group is {features}")
    archive = await client["xep_0313"].retrieve(jid=told["room"], rsm={"max": 100})
    found = [(message.xml.find(".//{jabber:client}message").get("from").split("/")[1], body_of(message))
             for message in archive["mam"]["results"] if body_of(message)]
    addresses = [(nick, body) for nick, body in found if body.startswith("https://")]
    said = [(nick, body) for nick, body in found if not body.startswith("https://")]
    check(sorted(said) == sorted(told["said"].items()), f"the archive has {said}, not {told['said']}")
    digests = [(nick, await asyncio.to_thread(fetch, address)) for nick, address in addresses]
    check(sorted(digests) == sorted(told["files"].items()), f"the archive has the files {digests}, not {told['files']}")
    await client.quit()

play(scene)

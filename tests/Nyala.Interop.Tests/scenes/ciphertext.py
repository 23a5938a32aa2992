#!/usr/bin/python3
"""What two people's archives keep of an encrypted conversation: who and when, and nothing of what."""
from xml.etree import ElementTree as ET

from stage import Client, check, play

SECRET = "between us"
ENCRYPTED = ("{eu.siacs.conversations.axolotl}encrypted", "{urn:xmpp:omemo:2}encrypted")


async def scene(romeo, juliet):
    for person, other in ((romeo, juliet), (juliet, romeo)):
        client = await Client(*person, "archivist", available=False).login()
        archive = await client["xep_0313"].retrieve(with_jid=other[0], rsm={"max": 100})
        found = [ET.tostring(message.xml, "unicode") for message in archive["mam"]["results"]]
        check(not any(SECRET in message for message in found), f"{person[0]}'s archive reads what was said: {found}")
        encrypted = {sender for sender, _ in (romeo, juliet) for message in archive["mam"]["results"]
                     for inner in message.xml.iter("{jabber:client}message")
                     if inner.get("from", "").startswith(sender) and any(inner.find(name) is not None for name in ENCRYPTED)}
        check(len(encrypted) == 2, f"{person[0]}'s archive has encrypted messages of {encrypted} only")
        await client.quit()

play(scene)

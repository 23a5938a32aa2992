#!/usr/bin/python3
"""Romeo's second device sees what the first one sends and receives, once, and not what is private."""
from stage import Client, body_of, check, play

RECEIVED, SENT = "{urn:xmpp:carbons:2}received", "{urn:xmpp:carbons:2}sent"


async def carbon(client, kind, body):
    found = await client.expect(f"a carbon of {body!r}", lambda m: m.xml.find(kind) is not None and body_of(m) == body)
    check(found["from"].bare == client.boundjid.bare and not found["from"].resource,
          f"the carbon is from {found['from']}: clients must drop that")


async def scene(romeo, juliet):
    orchard, phone = await Client(*romeo, "orchard").login(), await Client(*romeo, "phone").login()
    plain = await Client(*romeo, "no-carbons").login()
    juliet = await Client(*juliet, "balcony").login()
    for client in (orchard, phone):
        await client["xep_0280"].enable()

    juliet.send_message(mto=orchard.boundjid.full, mbody="to the orchard", mtype="chat")
    await orchard.expect_body("to the orchard")
    await carbon(phone, RECEIVED, "to the orchard")
    orchard.send_message(mto=juliet.boundjid.bare, mbody="from the orchard", mtype="chat")
    await juliet.expect_body("from the orchard")
    await carbon(phone, SENT, "from the orchard")

    secret = orchard.make_message(mto=juliet.boundjid.full, mbody="secret", mtype="chat")
    secret.enable("carbon_private")
    secret.send()
    await juliet.expect_body("secret")

    await phone["xep_0280"].disable()
    juliet.send_message(mto=orchard.boundjid.full, mbody="no copies now", mtype="chat")
    await orchard.expect_body("no copies now")
    await phone.expect_no_message("has switched carbons off")
    check(not [m for m in phone.messages if body_of(m)], f"the phone has unexpected copies: {phone.messages}")
    await plain.expect_no_message("never switched carbons on")
    check(not [m for m in plain.messages if body_of(m)], f"a device without carbons has copies: {plain.messages}")

    await phone["xep_0280"].enable()
    juliet.send_message(mto=orchard.boundjid.bare, mbody="to every device", mtype="chat")
    await juliet.settle()
    for client in (orchard, phone):
        await client.settle()
        copies = [m for m in client.messages if "to every device" in (m["body"], body_of(m))]
        check(len(copies) == 1, f"{client.name} has {len(copies)} copies of a message to the bare address: {copies}")

play(scene)

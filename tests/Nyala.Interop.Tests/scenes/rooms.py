#!/usr/bin/python3
"""Romeo makes a private group as phones do, invites Juliet, they talk and read the archive; Tybalt is let in and kicked."""
import uuid
from xml.etree import ElementTree as ET

from slixmpp.exceptions import IqError

from stage import Client, body_of, check, play

MUC = "{http://jabber.org/protocol/muc}x"
USER = "{http://jabber.org/protocol/muc#user}"
SID = "{urn:xmpp:sid:0}stanza-id"

# What Conversations sets for a private group.
PRIVATE = {"muc#roomconfig_persistentroom": True, "muc#roomconfig_membersonly": True, "muc#roomconfig_publicroom": False,
           "muc#roomconfig_whois": "anyone", "muc#roomconfig_changesubject": False, "muc#roomconfig_allowinvites": False,
           "muc#roomconfig_enablearchiving": True}


def codes(stanza):
    return {status.get("code") for status in stanza.xml.iter(USER + "status")}


async def enter(client, room, nick):
    presence = client.make_presence(pto=f"{room}/{nick}")
    presence.xml.append(ET.Element(MUC))
    presence.send()
    return await client.expect(f"its own presence in {room}", lambda p: p["from"] == f"{room}/{nick}"
                               and p["type"] != "unavailable" and "110" in codes(p), "presences")


async def said(client, room, nick, body):
    return await client.expect(f"{body!r} in {room}", lambda m: m["type"] == "groupchat" and m["body"] == body
                               and m["from"] == f"{room}/{nick}")


async def scene(romeo, juliet, tybalt):
    clients = []
    for pair, resource in ((romeo, "orchard"), (juliet, "balcony"), (tybalt, "street")):
        client = Client(*pair, resource)
        client.register_plugin("xep_0045")
        clients.append(await client.login())
    romeo, juliet, tybalt = clients
    items = await romeo["xep_0030"].get_items(jid=romeo.boundjid.host)
    service = next(jid for jid, _, _ in items["disco_items"]["items"] if jid.startswith("rooms."))
    room = f"group-{uuid.uuid4()}@{service}"

    made = await enter(romeo, room, "Romeo")
    check("201" in codes(made), f"the room is not new: {made}")
    form = await romeo["xep_0045"].get_room_config(room)
    offered = form.get_fields()
    missing = set(PRIVATE) - set(offered)
    check(not missing, f"the form lacks {missing}")
    form["type"] = "submit"
    form.set_values({**{name: field["value"] for name, field in offered.items() if field["value"] is not None}, **PRIVATE})
    await romeo["xep_0045"].set_room_config(room, form)
    info = await romeo["xep_0030"].get_info(jid=room)
    features = set(info["disco_info"]["features"])
    check({"muc_membersonly", "muc_nonanonymous", "muc_hidden", "muc_persistent", "urn:xmpp:mam:2"} <= features,
          f"the group is {features}")

    await romeo["xep_0045"].set_affiliation(room, jid=juliet.boundjid.bare, affiliation="member")
    await juliet.expect("the invitation", lambda m: m["from"] == room and m.xml.find(f".//{USER}invite") is not None)
    await enter(juliet, room, "Juliet")
    await romeo.expect("Juliet in the room", lambda p: p["from"] == f"{room}/Juliet", "presences")
    try:
        await enter_refused(tybalt, room)
    except IqError as error:
        check(False, f"{error}")

    romeo.send_message(mto=room, mbody="Shall I hear more?", mtype="groupchat")
    heard = await said(juliet, room, "Romeo", "Shall I hear more?")
    own = await said(romeo, room, "Romeo", "Shall I hear more?")
    check(heard.xml.find(SID).get("id") == own.xml.find(SID).get("id"), "two ids for one message")
    juliet.send_message(mto=room, mbody="Ay me!", mtype="groupchat")
    bad = (await said(romeo, room, "Juliet", "Ay me!")).xml.find(SID).get("id")

    archive = await juliet["xep_0313"].retrieve(jid=room, rsm={"max": 20})
    bodies = [body_of(m) for m in archive["mam"]["results"] if body_of(m)]
    check(bodies == ["Shall I hear more?", "Ay me!"], f"the archive is {bodies}")

    iq = romeo.make_iq_set(ito=room)
    moderate = ET.SubElement(iq.xml, "{urn:xmpp:message-moderate:1}moderate", {"id": bad})
    ET.SubElement(moderate, "{urn:xmpp:message-retract:1}retract")
    await iq.send()
    await juliet.expect("the retraction", lambda m: m["from"] == room
                        and m.xml.find("{urn:xmpp:message-retract:1}retract") is not None)
    archive = await juliet["xep_0313"].retrieve(jid=room, rsm={"max": 20})
    bodies = [body_of(m) for m in archive["mam"]["results"] if body_of(m)]
    check(bodies == ["Shall I hear more?"], f"after moderation the archive is {bodies}")

    await romeo["xep_0045"].set_affiliation(room, jid=tybalt.boundjid.bare, affiliation="member")
    await enter(tybalt, room, "Tybalt")
    await romeo["xep_0045"].set_role(room, "Tybalt", "none", reason="Peace")
    await tybalt.expect("the kick", lambda p: p["from"] == f"{room}/Tybalt" and p["type"] == "unavailable"
                        and {"110", "307"} <= codes(p), "presences")
    await romeo["xep_0045"].destroy(room, reason="The end")
    await juliet.expect("the end", lambda p: p["from"] == f"{room}/Juliet" and p["type"] == "unavailable"
                        and p.xml.find(f".//{USER}destroy") is not None, "presences")


async def enter_refused(client, room):
    presence = client.make_presence(pto=f"{room}/Tybalt")
    presence.xml.append(ET.Element(MUC))
    presence.send()
    refused = await client.expect("a refusal", lambda p: p["type"] == "error" and p["from"].bare == room, "presences")
    check(refused["error"]["condition"] == "registration-required", f"refused with {refused['error']['condition']}")

play(scene)

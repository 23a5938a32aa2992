#!/usr/bin/python3
"""What a client asks a server first: who are you, what can you do, what time is it, keep this for me."""
from xml.etree import ElementTree as ET

from stage import Client, check, play

DOMAIN = {"urn:xmpp:carbons:2", "urn:xmpp:blocking", "urn:xmpp:ping", "jabber:iq:version", "urn:xmpp:time"}
ACCOUNT = {"urn:xmpp:mam:2"}


async def scene(romeo, juliet):
    romeo, juliet = Client(*romeo, "orchard"), Client(*juliet, "balcony")
    for plugin in ("xep_0049", "xep_0054", "xep_0092", "xep_0202"):
        romeo.register_plugin(plugin)
        juliet.register_plugin(plugin)
    await romeo.login()
    await juliet.login()
    host, bare = romeo.boundjid.host, romeo.boundjid.bare
    info = (await romeo["xep_0030"].get_info(jid=host))["disco_info"]
    check(("server", "im") in {identity[:2] for identity in info["identities"]}, f"the server says it is {info['identities']}")
    check(DOMAIN <= set(info["features"]), f"the server does not announce {DOMAIN - set(info['features'])}")
    info = (await romeo["xep_0030"].get_info(jid=bare))["disco_info"]
    check(("account", "registered") in {identity[:2] for identity in info["identities"]}, f"the account is {info['identities']}")
    check(ACCOUNT <= set(info["features"]), f"the account does not announce {ACCOUNT - set(info['features'])}")
    await romeo["xep_0030"].get_items(jid=host)

    check((await romeo["xep_0092"].get_version(host))["software_version"]["name"], "the server has no name")
    clock = (await romeo["xep_0202"].get_entity_time(host)).xml.find(".//{urn:xmpp:time}utc")
    check(clock is not None and clock.text.endswith("Z"), f"the server's clock says {clock}")
    card = romeo["xep_0054"].make_vcard()
    card["FN"] = "Romeo Montague"
    await romeo["xep_0054"].publish_vcard(card)
    card = await juliet["xep_0054"].get_vcard(jid=bare)
    check(card["vcard_temp"]["FN"] == "Romeo Montague", f"the card is {card}")

    note = ET.fromstring("<note xmlns='urn:example:note'>&lt;remember&gt;</note>")
    ask = romeo.make_iq_set()
    ask["private"].xml.append(note)
    await ask.send()
    ask = romeo.make_iq_get()
    ask["private"].xml.append(ET.Element("{urn:example:note}note"))
    answer = await ask.send()
    check(answer.xml.find(".//{urn:example:note}note").text == "<remember>", f"kept in private is {answer}")

    unknown = romeo.make_iq_get(queryxmlns="urn:example:nobody-knows", ito=host)
    await romeo.expect_error("service-unavailable", unknown.send())
    ghost = romeo.make_iq_get(queryxmlns="jabber:iq:version", ito=f"nobody@{host}")
    await romeo.expect_error("service-unavailable", ghost.send())

play(scene)

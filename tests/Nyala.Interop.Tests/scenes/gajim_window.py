#!/usr/bin/python3
"""Juliet in Gajim: she asks Romeo for his presence, sees him come, his picture, that what she wrote has arrived and was read, and
what Gajim's dialog says of the server."""
import asyncio
import base64
import functools
import pathlib
import sys
from xml.etree import ElementTree as ET

sys.path.append(str(pathlib.Path(__file__).parent.parent / "clients"))
from gajim_desktop import Gajim, NotSeen
from stage import Client, Failed, check, play

# A red square of one pixel.
PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==")
# Labels are for armies; 0402 has taken the place of 0411.
NOT_HERE = {"XEP-0258: Security Labels in XMPP", "XEP-0411: Bookmarks Conversion"}
MARKERS = "urn:xmpp:chat-markers:0"


async def scene(romeo, juliet):
    romeo = Client(*romeo, "orchard")
    for plugin in ("xep_0084", "xep_0115", "xep_0163"):
        romeo.register_plugin(plugin)
    romeo["xep_0030"].add_feature(MARKERS)
    await romeo.login()
    await romeo["xep_0084"].publish_avatar(PICTURE)
    await romeo["xep_0084"].publish_avatar_metadata(
        {"id": romeo["xep_0084"].generate_id(PICTURE), "type": "image/png", "bytes": str(len(PICTURE))})
    gajim = Gajim(*juliet)
    try:
        await asyncio.to_thread(gajim.__enter__)
        await meet(gajim, romeo, juliet[0])
    except NotSeen as failure:
        raise Failed(str(failure)) from None
    finally:
        gajim.__exit__()


async def meet(gajim, romeo, juliet):
    do = functools.partial(asyncio.to_thread, gajim.do)
    expect = functools.partial(asyncio.to_thread, gajim.expect)
    bare = romeo.boundjid.bare
    await do("add", jid=bare, name="Romeo")
    await romeo.expect_presence("subscribe", juliet)
    romeo.send_presence_subscription(pto=juliet, ptype="subscribed")
    romeo.send_presence_subscription(pto=juliet, ptype="subscribe")
    await romeo.expect_presence("subscribed", juliet)
    await romeo.expect_presence("available", juliet)
    await do("open", jid=bare)
    await do("write", text="Wherefore art thou <Romeo>?")
    heard = await romeo.expect_body("Wherefore art thou <Romeo>?", juliet)
    await expect("the receipt", event="receipt-received")  # slixmpp has sent it.
    mark = romeo.make_message(mto=heard["from"], mtype="chat")
    mark.xml.append(ET.Element(f"{{{MARKERS}}}displayed", {"id": heard["id"]}))
    mark.send()
    await expect("that it was read", event="displayed-received")
    romeo.send_message(mto=juliet, mbody="Call me but love — ☀", mtype="chat")
    await expect("the answer", event="message-received", body="Call me but love — ☀")
    rows = await do("rows")
    check([(row["text"], row["kind"]) for row in rows] == [("Wherefore art thou <Romeo>?", "outgoing"), ("Call me but love — ☀", "incoming")],
          f"Gajim shows {rows}")
    check(rows[0]["received"], f"there is no tick at {rows[0]}")
    await asyncio.to_thread(gajim.until, "presence", jid=bare,
                            wanted={"show": "online", "subscription": "both", "name": "Romeo", "avatar": True})
    gajim.screenshot("chat")
    missing = {feature for feature, there in (await do("server")).items() if not there}
    check(missing <= NOT_HERE, f"Gajim finds the server without {missing}")

play(scene, 90)

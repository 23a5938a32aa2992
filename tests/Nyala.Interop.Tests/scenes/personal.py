#!/usr/bin/python3
"""What is one's own: an avatar contacts hear of, bookmarks and marks that are nobody else's business."""
from xml.etree import ElementTree as ET

from stage import Client, befriend, check, play

BOOKMARKS, DISPLAYED = "urn:xmpp:bookmarks:1", "urn:xmpp:mds:displayed:0"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"


async def publish_private(client, node, item, payload):
    options = client["xep_0004"].make_form(ftype="submit")
    options.add_field(var="FORM_TYPE", ftype="hidden", value="http://jabber.org/protocol/pubsub#publish-options")
    for name, value in (("persist_items", "true"), ("max_items", "max"), ("send_last_published_item", "never"), ("access_model", "whitelist")):
        options.add_field(var="pubsub#" + name, value=value)
    await client["xep_0060"].publish(client.boundjid.bare, node, id=item, payload=ET.fromstring(payload), options=options)


async def scene(romeo, juliet):
    romeo, juliet = Client(*romeo, "orchard"), Client(*juliet, "balcony")
    for client in (romeo, juliet):
        for plugin in ("xep_0004", "xep_0049", "xep_0054", "xep_0060", "xep_0115", "xep_0163", "xep_0084"):
            client.register_plugin(plugin)
    await romeo.login()
    await juliet.login()
    await befriend(romeo, juliet)
    bare = romeo.boundjid.bare
    info = (await romeo["xep_0030"].get_info(jid=bare))["disco_info"]
    check(("pubsub", "pep") in {identity[:2] for identity in info["identities"]}, f"the account is {info['identities']}")

    avatar = romeo["xep_0084"].generate_id(PICTURE)
    await romeo["xep_0084"].publish_avatar(PICTURE)
    await romeo["xep_0084"].publish_avatar_metadata({"id": avatar, "type": "image/png", "bytes": str(len(PICTURE))})
    event = await juliet.expect("news of the avatar", lambda m: m.xml.find(".//{urn:xmpp:avatar:metadata}info") is not None)
    check(event["from"] == bare, f"the news is from {event['from']}")
    data = await juliet["xep_0084"].retrieve_avatar(bare, avatar)
    check(data["pubsub"]["items"]["item"]["avatar_data"]["value"] == PICTURE, "the picture is another")
    card = await juliet["xep_0054"].get_vcard(jid=bare)
    check(card["vcard_temp"]["PHOTO"]["BINVAL"] == PICTURE, f"the card shows {card}")

    await publish_private(romeo, BOOKMARKS, "play@rooms.example", f"<conference xmlns='{BOOKMARKS}' name='The Play' autojoin='true'/>")
    items = (await romeo["xep_0060"].get_items(bare, BOOKMARKS))["pubsub"]["items"]
    check([item["id"] for item in items] == ["play@rooms.example"], f"the bookmarks are {items}")
    await juliet.expect_error("not-allowed", juliet["xep_0060"].get_items(bare, BOOKMARKS))
    ask = romeo.make_iq_get()
    ask["private"].xml.append(ET.Element("{storage:bookmarks}storage"))
    legacy = (await ask.send()).xml.find(".//{storage:bookmarks}conference")
    check(legacy is not None and legacy.get("jid") == "play@rooms.example", "an old client sees no bookmark")

    mark = f"<displayed xmlns='{DISPLAYED}'><stanza-id xmlns='urn:xmpp:sid:0' by='{bare}' id='1'/></displayed>"
    await publish_private(romeo, DISPLAYED, juliet.boundjid.bare, mark)
    await publish_private(romeo, DISPLAYED, juliet.boundjid.bare, mark)
    items = (await romeo["xep_0060"].get_items(bare, DISPLAYED))["pubsub"]["items"]
    check(len(list(items)) == 1, f"the marks are {items}")
    await juliet.expect_error("not-allowed", juliet["xep_0060"].get_items(bare, DISPLAYED))

play(scene)

#!/usr/bin/python3
"""slixmpp as a component: it talks with Romeo, is found by discovery, and uses the privileges it was granted (XEP-0356)."""
import asyncio
import os

from slixmpp import ComponentXMPP

from stage import PATIENCE, Client, check, play

DOMAIN = "bridge.localhost"


class Bridge(ComponentXMPP):
    def __init__(self):
        host, port = os.environ["NYALA_COMPONENTS"].rsplit(":", 1)
        super().__init__(DOMAIN, os.environ["NYALA_COMPONENT_SECRET"], host, int(port))
        for plugin in ("xep_0030", "xep_0199", "xep_0297", "xep_0356"):
            self.register_plugin(plugin)
        self.heard, self.granted, self.people = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()
        self.add_event_handler("message", self.heard.put_nowait)
        self.add_event_handler("privileges_advertised", lambda _: self.granted.put_nowait(dict(self["xep_0356"].granted_privileges)))
        self.add_event_handler("presence_available", self.people.put_nowait)

    async def begin(self):
        started = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", lambda _: started.done() or started.set_result(None))
        self.connect()
        await asyncio.wait_for(started, PATIENCE)


async def take(queue, what):
    try:
        return await asyncio.wait_for(queue.get(), PATIENCE)
    except asyncio.TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


async def scene(romeo, juliet):
    bridge = Bridge()
    await bridge.begin()
    bridge.server_host = "localhost"  # Whom slixmpp sends privileged messages to; it has connected to an address.
    access = await take(bridge.granted, "the permissions")
    check(access == {"roster": "both", "message": "outgoing", "presence": "managed_entity"}, f"granted is {access}")

    romeo = await Client(*romeo, "orchard").login()
    juliet = await Client(*juliet, "balcony").login()
    unseen = {romeo.boundjid.full, juliet.boundjid.full}
    while unseen:  # Others play at the same time.
        unseen.discard((await take(bridge.people, f"presence of {unseen}"))["from"].full)
    items = await romeo["xep_0030"].get_items(jid=romeo.boundjid.host)
    check(DOMAIN in {jid for jid, _, _ in items["disco_items"]["items"]}, "the component is no item of the server")
    info = await romeo["xep_0030"].get_info(jid=DOMAIN)
    check("http://jabber.org/protocol/disco#info" in info["disco_info"]["features"], f"the component is {info}")

    friend = f"friend@{DOMAIN}"
    romeo.send_message(friend, "knock, knock", mtype="chat")
    heard = await take(bridge.heard, "a message")
    check(heard["body"] == "knock, knock" and heard["from"] == romeo.boundjid.full, f"heard {heard}")
    bridge.send_message(heard["from"], "who is there?", mtype="chat", mfrom=f"{friend}/x")
    await romeo.expect_body("who is there?", friend)

    await bridge["xep_0356"].set_roster(romeo.boundjid.bare, {friend: {"name": "Old friend", "subscription": "none", "groups": []}}, timeout=PATIENCE)
    roster = await bridge["xep_0356"].get_roster(romeo.boundjid.bare, timeout=PATIENCE)
    check(friend in {jid.full for jid in roster["roster"]["items"]}, f"the roster is {roster}")

    message = bridge.make_message(mto=juliet.boundjid.bare, mfrom=romeo.boundjid.bare, mbody="said elsewhere", mtype="chat")
    bridge["xep_0356"].send_privileged_message(message)
    await juliet.expect_body("said elsewhere", romeo.boundjid.bare)


play(scene)

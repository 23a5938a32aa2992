"""What the scenes share: slixmpp clients on the server under test, and failing with one clear sentence.

A scene is a script: `SCENE.py JID PASSWORD [JID PASSWORD]…`; where the server listens comes from NYALA_XMPP
("127.0.0.1:5222") and NYALA_XMPPTLS. It prints what it saw and exits 0, or prints what is wrong and exits 1.
"""
import asyncio
import inspect
import logging
import os
import ssl
import sys
import traceback

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

PATIENCE = float(os.environ.get("NYALA_PATIENCE", "40"))
PLUGINS = ("xep_0030", "xep_0059", "xep_0077", "xep_0085", "xep_0184", "xep_0191", "xep_0198", "xep_0199", "xep_0280",
           "xep_0297", "xep_0313", "xep_0359")


class Failed(Exception):
    """The server did not do what the scene expects."""


def check(condition, sentence):
    if not condition:
        raise Failed(sentence)


class Client(slixmpp.ClientXMPP):
    """One device of one user. Every message and presence that reaches it stays in `messages` and `presences`."""

    def __init__(self, jid, password, resource, available=True, mechanism=None, direct_tls=False, without=()):
        super().__init__(f"{jid}/{resource}", password, sasl_mech=mechanism)
        self.name = f"{jid.split('@')[0]}/{resource}"
        self.available, self.direct_tls = available, direct_tls
        self.messages, self.presences = [], []
        self._arrived = asyncio.Event()
        self.auto_authorize, self.auto_subscribe = None, False  # None: the scene answers subscription requests itself.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        for plugin in PLUGINS:
            if plugin not in without:
                self.register_plugin(plugin)
        if "xep_0198" not in without:
            self["xep_0198"].window = 1
        self.register_handler(Callback("Every message", MatchXPath("{jabber:client}message"), self._on_message))
        self.register_handler(Callback("Every presence", MatchXPath("{jabber:client}presence"), self._on_presence))

    def _on_message(self, stanza):
        self.messages.append(stanza)
        self._arrived.set()

    def _on_presence(self, stanza):
        self.presences.append(stanza)
        self._arrived.set()

    async def login(self):
        """Connects, logs in, and (unless told otherwise) becomes available. Waits until the server has seen it."""
        outcome = asyncio.get_running_loop().create_future()

        def settle(value):
            if not outcome.done():
                outcome.set_result(value)

        for event, verdict in (("session_start", None), ("failed_all_auth", "no login was accepted"),
                               ("connection_failed", "no connection"), ("disconnected", "the server hung up")):
            self.add_event_handler(event, lambda data, v=verdict: settle((v, data)))
        host, port = os.environ["NYALA_XMPPTLS" if self.direct_tls else "NYALA_XMPP"].rsplit(":", 1)
        self.connect((host, int(port)), use_ssl=self.direct_tls)
        try:
            verdict, data = await asyncio.wait_for(outcome, PATIENCE)
        except asyncio.TimeoutError:
            raise Failed(f"{self.name} is not logged in after {PATIENCE} s") from None
        check(verdict is None, f"{self.name}: {verdict} ({data})")
        if self.available:
            await self.get_roster()
            self.send_presence()
            await self.settle()
        return self

    async def settle(self):
        """A round trip: what the server had for us before has arrived, and it has handled what we sent."""
        await self["xep_0199"].send_ping(self.boundjid.host, timeout=PATIENCE)

    async def expect(self, what, predicate, inbox="messages"):
        """Takes the first stanza, of those not yet taken, for which the predicate holds."""
        stanzas = getattr(self, inbox)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            for stanza in stanzas:
                if predicate(stanza):
                    stanzas.remove(stanza)
                    return stanza
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), deadline - asyncio.get_running_loop().time())
            except asyncio.TimeoutError:
                seen = "\n  ".join(str(stanza) for stanza in stanzas) or "nothing"
                raise Failed(f"{self.name} waited {PATIENCE} s for {what} and has only\n  {seen}") from None

    async def expect_body(self, body, sender=None):
        return await self.expect(f"the message {body!r}", lambda m: m["body"] == body
                                 and (sender is None or m["from"].bare == sender))

    async def expect_presence(self, kind, sender):
        """kind: 'available' or 'unavailable' (of a device), 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'."""
        return await self.expect(f"presence {kind} from {sender}", lambda p: p["from"].bare == sender
                                 and p.xml.get("type", "available") == kind
                                 and (p["from"].resource or "available" not in kind), "presences")

    async def expect_no_message(self, why):
        """Proved by a round trip, not by waiting. The caller makes sure that the sender has had one too."""
        await self.settle()
        found = [str(m) for m in self.messages if m["body"] and m["type"] != "error"]
        check(not found, f"{self.name} {why}, and yet got {found}")

    async def expect_error(self, condition, request):
        try:
            await request
        except IqError as error:
            check(error.condition == condition, f"expected the error {condition}, got {error.condition}")
            return
        raise Failed(f"expected the error {condition}, got a result")

    def cut(self):
        """The network goes away: the socket is closed under the client with a reset, without a word to the server."""
        self.transport.abort()

    async def quit(self):
        self.end_session_on_disconnect = True
        await self.disconnect(wait=2)


async def befriend(one, other):
    """Each subscribes to the other's presence, approves, and sees the other available."""
    for asking, asked in ((one, other), (other, one)):
        asking.send_presence_subscription(pto=asked.boundjid.bare)
        await asked.expect_presence("subscribe", asking.boundjid.bare)
        asked.send_presence_subscription(pto=asking.boundjid.bare, ptype="subscribed")
        await asking.expect_presence("subscribed", asked.boundjid.bare)
        await asking.expect_presence("available", asked.boundjid.bare)


def body_of(carbon_or_result):
    """The forwarded body inside a carbon or an archive result."""
    found = carbon_or_result.xml.find(".//{urn:xmpp:forward:0}forwarded/{jabber:client}message/{jabber:client}body")
    return None if found is None else found.text


def play(scene, limit=45):
    """Runs an async function with one (jid, password) pair per parameter, taken from the command line."""
    if os.environ.get("NYALA_WIRE"):
        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(message)s")
    else:
        logging.basicConfig(level=logging.CRITICAL)
    pairs = list(zip(sys.argv[1::2], sys.argv[2::2]))
    wanted = inspect.signature(scene).parameters.values()
    if len(pairs) != len(wanted) and not any(parameter.kind is parameter.VAR_POSITIONAL for parameter in wanted):
        sys.exit(f"usage: {sys.argv[0]} " + "JID PASSWORD " * len(wanted))

    async def run():
        await asyncio.wait_for(scene(*pairs), limit)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run())
    except Failed as failure:
        print(f"FAILED: {failure}")
        code = 1
    except (IqError, IqTimeout) as failure:
        where = traceback.extract_tb(failure.__traceback__)[1]
        print(f"FAILED: the server answered with an error or not at all, at {where.filename}:{where.lineno}: "
              f"{failure.iq}")
        code = 1
    except asyncio.TimeoutError:
        print(f"FAILED: not through after {limit} s")
        code = 1
    else:
        print("The scene is played.")
        code = 0
    sys.stdout.flush()
    os._exit(code)  # slixmpp leaves tasks behind that would keep the loop busy.

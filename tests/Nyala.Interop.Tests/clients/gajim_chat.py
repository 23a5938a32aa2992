"""Gajim on a desktop of its own, over direct TLS or STARTTLS as it finds it. With NYALA_OMEMO everything it sends to somebody is
encrypted; groups are in clear."""
import os
import threading

import lines
import written
from gajim_desktop import Gajim, NotSeen


class Person:
    def __init__(self, gajim):
        self.gajim, self.rooms = gajim, set()
        self.hands = threading.RLock()  # There is one window: what takes several steps in it is done by one at a time.

    def watch(self):
        while True:
            event = self.gajim.take(lambda event: event["event"] in ("message-received", "gc-message-received"))
            nick = event["nick"] if event["event"] == "gc-message-received" else None
            if not event["body"] or nick == lines.NICK:
                continue
            lines.received(event["jid"], event["body"], event["encrypted"], nick)
            if lines.is_file(event["body"]):
                self.fetch(event["jid"], event["body"], event["encrypted"], nick)

    def fetch(self, jid, url, encrypted, nick):
        """Gajim fetches files by itself when it shows them."""
        with self.hands:
            self.open(jid)
            path = self.gajim.until("fetched", lambda path: path and written.content(path), uri=url)
            lines.received_file(jid, lines.name_of(url), written.content(path), encrypted, nick)

    def open(self, jid):
        if jid in self.rooms:
            self.gajim.do("open", jid=jid, kind="groupchat")
            return
        self.gajim.do("open", jid=jid)
        if os.environ.get("NYALA_OMEMO"):
            self.gajim.do("encrypt", how="OMEMO")

    def say(self, to, body):
        with self.hands:
            self.open(to)
            # Until the keys of the other side are there Gajim leaves the text in its field; a person tries again.
            self.gajim.until("write", text=body)

    def send(self, to, file):
        with self.hands:
            self.open(to)
            encrypted = bool(os.environ.get("NYALA_OMEMO")) and to not in self.rooms
            self.gajim.until("send", jid=to, path=str(self.gajim.take_in(file)), encrypted=encrypted)

    def make(self, room, members):
        with self.hands:
            self.gajim.do("make", room=room, name="Verona")
            self.rooms.add(room)
            self.gajim.until("joined", room=room)
            self.gajim.until("invite", room=room, members=members)
            self.gajim.expect("who is let in", event="members", room=room, members=sorted(members))
        lines.joined(room)

    def join(self, room):
        with self.hands:
            self.rooms.add(room)
            self.gajim.until("join", room=room)
        lines.joined(room)


with Gajim(lines.JID, lines.PASSWORD) as gajim:
    try:
        person = Person(gajim)
        threading.Thread(target=person.watch, daemon=True).start()
        lines.ready()
        lines.serve(say=person.say, send=person.send, make=person.make, join=person.join)
    except NotSeen as failure:
        lines.fail(str(failure))

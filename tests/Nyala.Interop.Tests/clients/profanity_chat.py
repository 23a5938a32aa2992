"""Profanity under tmux, over STARTTLS. What it has received is read from its own message database. With NYALA_OMEMO everything
it sends to somebody is encrypted; groups are in clear."""
import contextlib
import os
import shutil
import sqlite3
import threading
import time

import lines
import written
from profanity import Profanity
from terminal import PATIENCE, NotSeen

# What it says while it does not know the keys of the other side.
NO_KEYS = "cannot be decrypted for any recipient"
# What it says to /ping while the server has not yet told it what it can do.
NOT_KNOWN = "does not support ping"
ROWS = "select id, from_jid, iif(type = 'muc', from_resource, null), encryption, message from ChatLogs where id > ? order by id"


class Person:
    def __init__(self, profanity):
        self.profanity, self.rooms = profanity, set()
        self.hands = threading.RLock()  # There is one line to type on.

    def prepare(self):
        profanity = self.profanity
        profanity.login()
        profanity.type("/carbons off")
        # What it publishes before it knows the features of the server is for its contacts only.
        self.insist("/ping", "Ping response from server", NOT_KNOWN)
        if os.environ.get("NYALA_OMEMO"):
            profanity.type("/omemo gen")
            profanity.wait_for("Your Device ID is")
            profanity.type("/omemo trustmode blind")

    def watch(self, stop):
        seen = 0
        while not stop.wait(0.05):
            with contextlib.closing(sqlite3.connect(f"file:{self.profanity.database}?mode=ro", uri=True)) as database:
                rows = database.execute(ROWS, (seen,)).fetchall()
            for seen, sender, nick, encryption, body in rows:
                if sender == lines.JID or nick == lines.NICK:
                    continue
                lines.received(sender, body, encryption == "omemo", nick)
                if lines.is_file(body):
                    self.fetch(sender, body, encryption == "omemo", nick)

    def fetch(self, sender, url, encrypted, nick):
        path = self.profanity.home / f"{time.monotonic_ns()}"
        with self.hands:
            self.profanity.type(f"/win {sender}")
            self.profanity.type(f"/url save {url} {path}")
            self.profanity.wait_until(f"fetched {url}", lambda: written.content(path))  # It is silent when it has decrypted one.
        lines.received_file(sender, lines.name_of(url), written.content(path), encrypted, nick)

    def insist(self, line, wanted, complaint):
        """Profanity asks for what it lacks, and complains until it has it; a person types it again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.profanity.type(line)
            if wanted in self.profanity.wait_for(wanted, complaint):
                return
            if time.monotonic() > deadline:
                raise NotSeen(f"Profanity says {complaint!r} to {line!r}")
            self.profanity.type("/clear")
            self.profanity.wait_until_gone(complaint)

    def encrypt(self, to):
        if os.environ.get("NYALA_OMEMO"):
            self.profanity.type(f"/omemo start {to}")
            self.profanity.wait_for("[OMEMO]")

    def say(self, to, body):
        with self.hands:
            if to in self.rooms:
                self.profanity.type(f"/win {to}")
                self.profanity.type(body)
                self.profanity.wait_for(f": {body}")
            else:
                self.encrypt(to)
                self.insist(f"/msg {to} {body}", f": {body}", NO_KEYS)

    def send(self, to, file):
        path = shutil.copy(file, self.profanity.home)
        with self.hands:
            if to not in self.rooms:
                self.profanity.type(f"/msg {to}")
                self.encrypt(to)
            self.profanity.type(f"/win {to}")
            self.profanity.type(f"/sendfile {path}")
            self.profanity.wait_for(f"Uploading '{path}': 100%", "failed:")

    def type(self, line):
        with self.hands:
            self.profanity.type(line)

    def join(self, room):
        with self.hands:
            self.profanity.type(f"/join {room}")
            self.profanity.wait_for("You have joined the room")
            self.rooms.add(room)
        lines.joined(room)


with Profanity(lines.JID, lines.PASSWORD) as profanity:
    try:
        person = Person(profanity)
        person.prepare()
        lines.ready()
        stop = threading.Event()
        watcher = threading.Thread(target=person.watch, args=(stop,), daemon=True)
        watcher.start()
        lines.serve(say=person.say, send=person.send, join=person.join, type=person.type)
        stop.set()
        watcher.join()
        profanity.type("/quit")
    except NotSeen as failure:
        lines.fail(str(failure))

"""Dino on a desktop of its own. With NYALA_OMEMO everything it sends to somebody is encrypted; groups are in clear."""
import os
import threading

import lines
from dino_desktop import Dino, NotSeen

MESSAGES = """select message.id, bare_jid, iif(type = 2, counterpart_resource, null), encryption, body
              from message join jid on jid.id = counterpart_id where message.id > ? and direction = 0 order by message.id"""
FETCHED = """select file_transfer.id, bare_jid, iif(message.type = 2, file_transfer.counterpart_resource, null),
                    file_transfer.encryption, file_name, path
             from file_transfer join jid on jid.id = file_transfer.counterpart_id join message on message.id = info
             where file_transfer.direction = 0 and state = 0 and path is not null"""
OMEMO = 2


def watch(dino, stop):
    seen, fetched = 0, set()
    while not stop.wait(0.05):
        for seen, sender, nick, encryption, body in dino.query(MESSAGES, seen):
            lines.received(sender, body, encryption == OMEMO, nick)
        for number, sender, nick, encryption, name, path in dino.query(FETCHED):
            if number not in fetched:
                fetched.add(number)
                content = (dino.database.parent / "files" / path).read_bytes()
                lines.received_file(sender, name, content, encryption == OMEMO, nick)


class Person:
    def __init__(self, dino):
        self.dino = dino

    def open(self, jid):
        self.dino.open(jid)
        if os.environ.get("NYALA_OMEMO") and not self.dino.is_group(jid):
            self.dino.encrypt(jid)

    def say(self, to, body):
        self.open(to)
        self.dino.write(to, body)
        self.dino.screenshot("last")

    def send(self, to, file):
        self.open(to)
        self.dino.send(to, self.dino.take_in(file))
        self.dino.screenshot("last")

    def join(self, room):
        self.dino.join(room)
        lines.joined(room)


with Dino(lines.JID, lines.PASSWORD) as dino:
    try:
        lines.ready()
        stop = threading.Event()
        threading.Thread(target=watch, args=(dino, stop), daemon=True).start()
        person = Person(dino)
        lines.serve(say=person.say, send=person.send, join=person.join)
        stop.set()
    except NotSeen as failure:
        dino.screenshot("failed")
        lines.fail(str(failure))

"""Profanity under tmux, over STARTTLS. What it has received is read from its own message database."""
import contextlib
import sqlite3
import threading

import lines
from profanity import Profanity
from terminal import NotSeen


def watch(profanity, stop):
    seen = 0
    while not stop.wait(0.05):
        with contextlib.closing(sqlite3.connect(f"file:{profanity.database}?mode=ro", uri=True)) as database:
            rows = database.execute("select id, from_jid, message from ChatLogs where id > ? order by id", (seen,)).fetchall()
        for seen, sender, body in rows:
            if sender != lines.JID:
                lines.received(sender, body)


with Profanity(lines.JID, lines.PASSWORD) as profanity:
    try:
        profanity.login()
        profanity.type("/carbons off")
        lines.ready()
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(profanity, stop), daemon=True)
        watcher.start()
        for to, body in lines.requests():
            profanity.type(f"/msg {to} {body}")
            profanity.wait_for(body)
        stop.set()
        watcher.join()
        profanity.type("/quit")
    except NotSeen as failure:
        lines.fail(str(failure))

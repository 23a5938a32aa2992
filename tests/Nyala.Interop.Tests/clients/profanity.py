"""Profanity: how it is set up, logged in, and where it keeps its messages. On a machine that knows the server it finds it by itself."""
import contextlib
import os
import sqlite3

import machine
from terminal import Terminal


class Profanity(Terminal):
    def __init__(self, jid, password):
        super().__init__("profanity")
        self.jid, self.password = jid, password
        self.write(".config/profanity/profrc", "[ui]\nsplash=false\n[logging]\nchlog=true\n")
        self._prepare_database()

    def login(self):
        host, port = os.environ["NYALA_XMPP"].rsplit(":", 1)
        self.wait_for("Profanity. Type /help")
        self.type(f"/connect {self.jid}" if machine.is_wanted() else f"/connect {self.jid} server {host} port {port} tls trust")
        self.wait_for("Enter password")
        self.type(self.password)
        return self.wait_for("logged in successfully")

    def _prepare_database(self):
        """Profanity drops a message ("database is locked") when somebody reads its database just as it writes; not with a WAL."""
        self.database.parent.mkdir(mode=0o700, parents=True)
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.execute("pragma journal_mode = wal")

    @property
    def database(self):
        """Where Profanity keeps its own copy of every message."""
        return self.home / f".local/share/profanity/database/{self.jid.replace('@', '_at_')}/chatlog.db"

"""Profanity: how it is set up, logged in, and where it keeps its messages. On a machine that knows the server it finds it by itself."""
import os

import machine
from terminal import Terminal


class Profanity(Terminal):
    def __init__(self, jid, password):
        super().__init__("profanity")
        self.jid, self.password = jid, password
        self.write(".config/profanity/profrc", "[ui]\nsplash=false\n[logging]\nchlog=true\n")

    def login(self):
        host, port = os.environ["NYALA_XMPP"].rsplit(":", 1)
        self.wait_for("Profanity. Type /help")
        self.type(f"/connect {self.jid}" if machine.is_wanted() else f"/connect {self.jid} server {host} port {port} tls trust")
        self.wait_for("Enter password")
        self.type(self.password)
        return self.wait_for("logged in successfully")

    @property
    def database(self):
        """Where Profanity keeps its own copy of every message."""
        return self.home / f".local/share/profanity/database/{self.jid.replace('@', '_at_')}/chatlog.db"

"""Dino in a window, typed at as a person would; what it has received is read from its own database."""
import contextlib
import os
import shlex
import shutil
import sqlite3
import time

from desktop import NOBODY, Desktop

PATIENCE = float(os.environ.get("NYALA_PATIENCE", "40"))
ACCOUNT = "insert into account (bare_jid, resourcepart, password, alias, enabled, mam_earliest_synced) values (?, 'dino', ?, '', 1, 0)"
SENT = """select 1 from message join jid on jid.id = counterpart_id
          where body = ? and bare_jid = ? and direction = 1 and marked in (1, 2, 3, 7)"""
CHOSEN = "select 1 from file_transfer where file_name = ? and direction = 1"
UPLOADED = "select 1 from file_transfer where file_name = ? and direction = 1 and info is not null"
OPEN = "select 1 from conversation join jid on jid.id = jid_id where bare_jid = ? and active = 1"
GROUP = OPEN + " and type = 1"


class NotSeen(Exception):
    """Dino did not do what it should."""


class Dino(Desktop):
    """Dino has no way to be given an account but its dialog: it is started, given a row in its database, and started again."""

    def __init__(self, jid, password):
        super().__init__("sh")
        self.jid, self.password = jid, password
        self.database = self.home / ".local/share/dino/dino.db"

    def start(self):
        super().start()
        self.run("dino-im &")
        self.wait_for_window()
        self.run("gapplication action im.dino.Dino quit; wait")
        self.settle()
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.execute(ACCOUNT, (self.jid, self.password))
            database.commit()
        for file in self.database.parent.glob(self.database.name + "*"):
            shutil.chown(file, NOBODY, NOBODY)
        self.run("dino-im &")
        self.wait_for("the login", "select 1 from entity_feature")  # It has asked the server what it can do.
        self.wait_for_window()

    def run(self, line):
        """A command in the session."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def settle(self):
        """Waits until all commands before are through."""
        mark = self.home / "settled"
        self.run(f"touch {mark}")
        self.wait_until("settled", mark.exists)
        mark.unlink()

    def come_to_rest(self):
        """Waits until its main loop has answered, and so come to what was asked of it before."""
        self.call("List")
        self.settle()

    def query(self, sql, *values):
        """Rows of its database; none while there is no such table yet."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=PATIENCE)) as database:
                return database.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def wait_for(self, what, sql, *values):
        self.wait_until(f"got {what}", lambda: self.query(sql, *values))

    def insist(self, what, act, holds):
        """What is clicked before it is drawn is lost: a person clicks again a while after the program has come to it; sooner, both clicks count."""
        deadline, again = time.monotonic() + PATIENCE, 0
        while not holds():
            if time.monotonic() > deadline:
                raise NotSeen(f"Dino has not {what} within {PATIENCE} s")
            if time.monotonic() > again:
                act()
                self.come_to_rest()
                again = time.monotonic() + 3
            time.sleep(0.05)

    def wait_for_window(self, name="Dino"):
        self.wait_until(f"shown a window {name!r}", lambda: self.find_windows(name))

    def wait_until(self, what, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise NotSeen(f"Dino has not {what} within {PATIENCE} s")
            time.sleep(0.05)

    def open(self, jid):
        """A conversation with somebody, or of a group that it is in."""
        if self.is_group(jid):
            number, = self.query("select conversation.id from conversation join jid on jid.id = jid_id where bare_jid = ?", jid)[0]
            self.call("Activate", "open-conversation", f"[<{number}>]", "{}")
        else:
            self.run(f"dino-im {shlex.quote(f'xmpp:{jid}?message')}")
        self.come_to_rest()
        self.wait_for(f"a conversation with {jid}", OPEN, jid)

    def is_group(self, jid):
        return bool(self.query(GROUP, jid))

    def join(self, room):
        """By the dialog that an invitation opens. Members-only groups refuse who is not let in yet: a person tries again."""
        self.run(f"dino-im {shlex.quote(f'xmpp:{room}?join')}")
        self.wait_for_window("Join Channel")
        self.insist(f"entered {room}", lambda: self.click("Join Channel", from_right=50, y=27), lambda: self.is_group(room))
        self.wait_until("closed the dialog", lambda: not self.find_windows("Join Channel"))

    def call(self, method, *arguments):
        """An action of the application, over D-Bus; it answers when its main loop gets to it."""
        line = shlex.join(["gdbus", "call", "--session", "--dest", "im.dino.Dino", "--object-path", "/im/dino/Dino",
                           "--method", f"org.gtk.Actions.{method}", *arguments])
        self.run(f"{line} >/dev/null")

    def encrypt(self, jid):
        """The padlock at the right end of the field opens a list: not at all, OpenPGP, OMEMO."""
        chosen = "select 1 from conversation join jid on jid.id = jid_id where bare_jid = ? and encryption = 2"

        def choose():
            self.key("Escape")  # The list may be open from the last time.
            self.click("Dino", from_right=38, y=-38)
            self.key("Down", "Down", "Return", "Escape")

        if not self.query(chosen, jid):
            self.insist("chosen OMEMO for the conversation", choose, lambda: self.query(chosen, jid))

    def click(self, window, from_right, y):
        """At so many pixels from the right and the top (or, negative, the bottom) of a window."""
        if self.point(window, from_right, y):
            self.xdotool("click", "1")

    def point(self, window, from_right, y):
        """Without a window manager the keys go to the window under the pointer. False when there is no such window."""
        found = self.find_windows(window)
        if not found:
            return False
        described = self.xdotool("getwindowgeometry", "--shell", found[-1])
        place = {name: int(value) for name, value in (line.split("=") for line in described.splitlines() if "=" in line)}
        self.xdotool("mousemove", str(place["X"] + place["WIDTH"] - from_right), str(place["Y"] + y + (place["HEIGHT"] if y < 0 else 0)))
        return True

    def write(self, jid, text):
        """Types it into the open conversation with somebody, and waits until the server has it."""
        self.xdotool("type", text)
        self.key("Return")
        self.wait_for(f"{text!r} sent", SENT, text, jid)

    def send(self, jid, file):
        """Into the open conversation, by the dialog that the paper clip opens, and the button that then appears and has the focus."""
        # The focus is to be in the field: on the padlock, a Return that comes before the button does would open the list.
        self.click("Dino", from_right=300, y=-38)
        self.insist("asked for the file", lambda: self.key("ctrl+u"), lambda: self.find_windows("Select file"))
        self.point("Select file", from_right=200, y=200)
        self.xdotool("type", str(file))
        self.key("Return")
        self.wait_until("closed the dialog", lambda: not self.find_windows("Select file"))
        self.insist("begun to send the file", lambda: self.key("Return"), lambda: self.query(CHOSEN, file.name))
        self.wait_for(f"{file.name} sent", UPLOADED, file.name)

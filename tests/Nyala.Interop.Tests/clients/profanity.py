"""Profanity in a terminal of its own (tmux), with a home of its own; typed at and looked at as a person would."""
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

PATIENCE = float(os.environ.get("NYALA_PATIENCE", "10"))


class NotSeen(Exception):
    """The screen does not show what it should."""


class Profanity:
    def __init__(self, jid, password):
        self.jid, self.password = jid, password
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nyala-profanity-"))
        self._tmux = ["tmux", "-u", "-S", str(self.home / "tmux"), "-f", "/dev/null"]
        settings = self.home / ".config/profanity/profrc"
        settings.parent.mkdir(parents=True)
        settings.write_text("[ui]\nsplash=false\n[logging]\nchlog=true\n")

    def __enter__(self):
        environment = {"HOME": self.home, "LANG": "C.UTF-8", "TERM": "screen-256color"}
        words = [f"{name}={value}" for name, value in environment.items()]
        self._run("new-session", "-d", "-x", "160", "-y", "45", shlex.join(["env", "-u", "XDG_CONFIG_HOME", "-u", "XDG_DATA_HOME",
                                                                            *words, "profanity"]))
        self.wait_for("Profanity. Type /help")
        return self

    def __exit__(self, *_):
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, *arguments):
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def screen(self):
        return self._run("capture-pane", "-p")

    def type(self, line):
        self._run("send-keys", "-l", line)
        self._run("send-keys", "Enter")

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in (screen := self.screen()):
            if time.monotonic() > deadline:
                raise NotSeen(f"Profanity does not show {text!r} within {PATIENCE} s but\n{screen}")
            time.sleep(0.05)
        return screen

    def login(self):
        host, port = os.environ["NYALA_XMPP"].rsplit(":", 1)
        self.type(f"/connect {self.jid} server {host} port {port} tls trust")
        self.wait_for("Enter password")
        self.type(self.password)
        return self.wait_for("logged in successfully")

    @property
    def database(self):
        """Where Profanity keeps its own copy of every message."""
        return self.home / f".local/share/profanity/database/{self.jid.replace('@', '_at_')}/chatlog.db"

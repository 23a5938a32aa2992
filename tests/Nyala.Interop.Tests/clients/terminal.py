"""A program in a terminal of its own (tmux), with a home of its own; typed at and looked at as a person would."""
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import machine

PATIENCE = float(os.environ.get("NYALA_PATIENCE", "40"))


class NotSeen(Exception):
    """The screen does not show what it should."""


class Terminal:
    def __init__(self, command):
        self.command = command
        self.home = pathlib.Path(tempfile.mkdtemp(prefix=f"nyala-{command}-"))
        self._tmux = ["tmux", "-u", "-S", str(self.home / "tmux"), "-f", "/dev/null"]

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # So that __exit__ takes the terminal down in any case.
        environment = [f"HOME={self.home}", "LANG=C.UTF-8", "TERM=screen-256color"]
        clean = ["env", "-u", "XDG_CONFIG_HOME", "-u", "XDG_DATA_HOME", *environment, self.command]
        if machine.is_wanted():
            clean = machine.enter(self.home, *clean)
        self._run("new-session", "-d", "-x", "160", "-y", "45", shlex.join(clean))
        return self

    def __exit__(self, *_):
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, *arguments):
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def write(self, path, text):
        """A file in the program's home, readable by its owner only."""
        file = self.home / path
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)

    def screen(self):
        return self._run("capture-pane", "-p")

    def type(self, line):
        self._run("send-keys", "-l", line)
        self._run("send-keys", "Enter")

    def wait_for(self, *texts):
        """The screen once it shows one of them."""
        return self._wait(lambda screen: any(text in screen for text in texts), f"does not show {' or '.join(map(repr, texts))}")

    def wait_until_gone(self, text):
        return self._wait(lambda screen: text not in screen, f"still shows {text!r}")

    def wait_until(self, what, holds):
        self._wait(lambda _: holds(), f"has not {what}")

    def _wait(self, holds, problem):
        deadline = time.monotonic() + PATIENCE
        while not holds(screen := self.screen()):
            if time.monotonic() > deadline:
                raise NotSeen(f"{self.command} {problem} after {PATIENCE} s but\n{screen}")
            time.sleep(0.05)
        return screen

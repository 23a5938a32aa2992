"""A desktop of its own for one program: a display, a session bus, a home, and a machine that knows the server (machine.py).
Programs that do not run as root are run as nobody."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import machine

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


class Desktop:
    """The program runs between __enter__ and __exit__."""

    def __init__(self, *command, size="1100x750", environment=None, inherited=()):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # So that __exit__ takes the desktop down in any case.
        self.command, self.size, self.inherited = command, size, inherited
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nyala-desktop-"))
        self.home = self.folder / "home"
        self.home.mkdir()
        self.environment = environment or {}
        self._processes = []

    def write(self, path, content):
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def take_in(self, file):
        """A copy of a file at home, where the program may read it; its path."""
        copy = pathlib.Path(shutil.copy(file, self.home))
        os.chown(copy, NOBODY, NOBODY)
        return copy

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        (self.folder / "runtime").mkdir()
        command = machine.enter(self.folder, *AS_NOBODY, "dbus-run-session", "--", *self.command)
        self.display = self._start_display()
        self._hand_over(self.folder)
        environment = {"HOME": self.home, "DISPLAY": self.display, "LANG": "C.UTF-8", "PATH": os.environ["PATH"],
                       "XDG_RUNTIME_DIR": self.folder / "runtime", "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
                       "LIBGL_ALWAYS_SOFTWARE": "1", "GSETTINGS_BACKEND": "memory", "NO_AT_BRIDGE": "0", **self.environment}
        self.process = subprocess.Popen(
            command, env={name: str(value) for name, value in environment.items()}, stdin=subprocess.PIPE, stdout=sys.stderr,
            stderr=sys.stderr, cwd=self.home, pass_fds=self.inherited, start_new_session=True)
        self._processes.append(self.process)

    def __exit__(self, *_):
        for process in reversed(self._processes):
            try:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(5)
            except ProcessLookupError:
                pass
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def screenshot(self, name):
        """For people to look at: NYALA_SCREENSHOT names the file of a scene."""
        file = os.environ.get("NYALA_SCREENSHOT")
        if file:
            file = pathlib.Path(file)
            subprocess.run(["import", "-display", self.display, "-window", "root", file.with_stem(f"{file.stem}-{name}")], check=True)

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": self.display}, check=True,
                              timeout=20, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def find_windows(self, name):
        try:
            return self.xdotool("search", "--onlyvisible", "--name", name).split()
        except subprocess.CalledProcessError:
            return []  # There is none, or one of them was gone when it was looked at.

    def key(self, *keys):
        self.xdotool("key", *keys)

    def _start_display(self):
        # Left to choose, two that start at the same time choose the same.
        display = f":{100 + os.getpid()}"
        reading, writing = os.pipe()
        # Without -noreset it begins anew, and turns clients away, whenever the last one has left: every look with xdotool is one.
        # Without -r a key repeats that a machine without time for xdotool holds down for half a second.
        self._processes.append(subprocess.Popen(
            ["Xvfb", display, "-noreset", "-r", "-displayfd", str(writing), "-screen", "0", f"{self.size}x24", "-nolisten", "tcp"],
            pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
        os.close(writing)
        with os.fdopen(reading) as answer:
            if not answer.readline():  # Comes when the display is ready.
                raise RuntimeError("Xvfb did not start")
        return display

    def _hand_over(self, folder):
        for path in (folder, self.home, *self.home.rglob("*"), folder / "runtime"):
            os.chown(path, NOBODY, NOBODY)
        (folder / "runtime").chmod(0o700)

"""Gajim in a window, told by its driver (gajim_driver) what to do."""
import contextlib
import json
import os
import pathlib
import queue
import shutil
import sqlite3
import threading
import time

from desktop import Desktop

PATIENCE = float(os.environ.get("NYALA_PATIENCE", "40"))
SETTINGS_VERSION = 5
SETTINGS = {
    "app": {"use_keyring": False, "check_for_update": False, "plugins_repository_enabled": False},
    "soundevents": {}, "status_presets": {}, "proxies": {},
    "plugins": {"gajim_driver": {"active": True}, "omemo": {"active": True}},
    "workspaces": {"0": {"name": "Verona", "color": "rgb(191,15,167)", "avatar_sha": "", "chats": []}},
}


class NotSeen(Exception):
    """Gajim did not tell what it should."""


class Gajim(Desktop):
    def __init__(self, jid, password):
        self.jid, self.password = jid, password
        self._reading, self._writing = os.pipe()
        super().__init__("gajim", environment={"NYALA_EVENTS": self._writing}, inherited=[self._writing])
        self.events, self._answers = [], queue.Queue()
        self._arrived = threading.Condition()
        shutil.copytree(pathlib.Path(__file__).parent / "gajim_driver", self.home / ".local/share/gajim/plugins/gajim_driver")
        self._settle()

    def start(self):
        super().start()
        os.close(self._writing)
        threading.Thread(target=self._read, daemon=True).start()
        self.expect("the login", event="signed-in")

    def do(self, what, **arguments):
        self.process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        self.process.stdin.flush()
        answer = self._answers.get(timeout=PATIENCE)
        if "failed" in answer:
            raise NotSeen(f"Gajim cannot {what} {arguments}: {answer['failed']}")
        return answer["value"]

    def until(self, what, wanted=True, **arguments):
        """Looks again until Gajim's answer is the wanted one, or one that is found right."""
        is_right = wanted if callable(wanted) else lambda answer: answer == wanted
        deadline = time.monotonic() + PATIENCE
        while not is_right(answer := self.do(what, **arguments)):
            if time.monotonic() > deadline:
                raise NotSeen(f"Gajim's answer to {what} {arguments} is {answer}")
            time.sleep(0.05)
        return answer

    def expect(self, what, **wanted):
        """Takes the first event, of those not yet taken, that has these values."""
        event = self.take(lambda event: wanted.items() <= event.items(), PATIENCE)
        if event is None:
            raise NotSeen(f"Gajim did not tell of {what} within {PATIENCE} s but of {self.events}")
        return event

    def take(self, predicate, patience=None):
        """Waits for an event; None when none came in time."""
        with self._arrived:
            while not (found := next(filter(predicate, self.events), None)):
                if not self._arrived.wait(patience):
                    return None
            self.events.remove(found)
            return found

    def _settle(self):
        """Its settings as if it had been started before: one account, the driver and OMEMO switched on, no keyring."""
        user, domain = self.jid.split("@")
        account = {"name": user, "hostname": domain, "account_label": self.jid, "password": self.password, "resource": "gajim", "active": True}
        folder = self.home / ".config/gajim"
        folder.mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(folder / "settings.sqlite")) as settings:
            settings.executescript(f"create table settings (name text unique, settings text);"
                                   "create table account_settings (account text unique, settings text);"
                                   f"pragma user_version={SETTINGS_VERSION}")
            settings.executemany("insert into settings values (?, ?)", [(name, json.dumps(value)) for name, value in SETTINGS.items()])
            settings.execute("insert into account_settings values ('person', ?)",
                             [json.dumps({"account": account, "contact": {}, "group_chat": {}})])
            settings.commit()

    def _read(self):
        with os.fdopen(self._reading) as lines:
            for line in lines:
                event = json.loads(line)
                if "did" in event:
                    self._answers.put(event)
                    continue
                with self._arrived:
                    self.events.append(event)
                    self._arrived.notify_all()

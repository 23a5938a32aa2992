"""mcabber (loudmouth) under tmux, over STARTTLS. What it has received is read from its own history files."""
import os
import re
import threading

import lines
from terminal import NotSeen, Terminal

SETTINGS = """
set jid = {jid}
set password = {password}
set server = {host}
set port = {port}
set resource = mcabber
set disable_random_resource = 1
set tls = 1
set ssl_ignore_checks = 1
set logging = 1
set logging_dir = {home}/history/
"""


def watch(history, stop):
    """A received message is a line "MR <time> <number of further lines> <text>"; nobody here sends more than one line."""
    told = {}
    while not stop.wait(0.05):
        for file in history.iterdir():
            entries = re.findall(r"^MR \S+ 000 (.*)$", file.read_text(), re.MULTILINE)
            for body in entries[told.get(file.name, 0):]:
                lines.received(file.name, body)
            told[file.name] = len(entries)


host, port = os.environ["NYALA_XMPP"].rsplit(":", 1)
terminal = Terminal("mcabber")
terminal.write(".mcabber/mcabberrc", SETTINGS.format(
    jid=lines.JID, password=lines.PASSWORD, host=host, port=port, home=terminal.home))
history = terminal.home / "history"
history.mkdir(mode=0o700)
with terminal:
    try:
        terminal.wait_for("Your status has been set")
        lines.ready()
        stop = threading.Event()
        threading.Thread(target=watch, args=(history, stop), daemon=True).start()
        for to, body in lines.requests():
            terminal.type(f"/say_to {to} {body}")
        stop.set()
        terminal.type("/quit")
    except NotSeen as failure:
        lines.fail(str(failure))

"""go-sendxmpp: one process listens, over STARTTLS; another is started for each message, over direct TLS, as scripts do it."""
import os
import re
import subprocess
import sys
import tempfile
import threading

import lines

COMMAND = ["go-sendxmpp", "-n", "-u", lines.JID, "-p", lines.PASSWORD]
LISTEN = [*COMMAND, "-j", os.environ["NYALA_XMPP"], "-l", "-d"]
SEND = [*COMMAND, "-j", os.environ["NYALA_XMPPTLS"], "-t"]


def listen(output):
    for line in output:
        heard = re.fullmatch(r"\S+ (\S+@\S+): (.*)\n", line)
        if heard:
            lines.received(*heard.groups())


def wait_until_available(debug):
    """The debugging output is the stream as it arrives; our own presence comes back when we are available."""
    for line in debug:
        print(line, end="", file=sys.stderr, flush=True)
        if re.search(f"<presence [^>]*from=['\"]{re.escape(lines.JID)}/", line):
            return
    lines.fail("go-sendxmpp gave up before it was available")


with tempfile.TemporaryDirectory(prefix="nyala-go-sendxmpp-") as home:
    environment = os.environ | {"HOME": home}
    listener = subprocess.Popen(LISTEN, env=environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_until_available(listener.stderr)
        threading.Thread(target=listen, args=(listener.stdout,), daemon=True).start()
        threading.Thread(target=listener.stderr.read, daemon=True).start()
        lines.ready()
        for to, body in lines.requests():
            sent = subprocess.run([*SEND, to], env=environment, text=True, input=body, capture_output=True, timeout=20)
            if sent.returncode != 0:
                lines.fail(f"go-sendxmpp failed: {sent.stderr}")
    finally:
        listener.kill()
        listener.wait()

"""go-sendxmpp: one process listens, over STARTTLS; another is started for each message, over direct TLS, as scripts do it.

Debian 12's go-sendxmpp -l answers a server's ping and then dies of it (a nil pointer behind the answer), sometimes before it
has printed the message that came along; and Nyala pings clients without stream management that leave its first question unanswered.
So the listener runs as under a service manager that starts it again (what came meanwhile was kept for it), and what it has
received is read from its debugging output, the stream as it arrives.
"""
import html
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


class Listener:
    def __init__(self, home):
        self.environment = os.environ | {"HOME": home}
        self.available, self._stopping, self._process = threading.Event(), False, None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        seen = set()
        while not self._stopping:
            self._process = subprocess.Popen(LISTEN, env=self.environment, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            self._watch(self._process.stderr, seen)
            self._process.wait()

    def _watch(self, debug, seen):
        stream = b""
        while chunk := debug.read1():
            sys.stderr.buffer.write(chunk)
            sys.stderr.flush()
            stream += chunk
            text = stream.decode(errors="ignore")
            if re.search(f"<presence [^>]*from=['\"]{re.escape(lines.JID)}/", text):
                self.available.set()  # Our own presence has come back.
            for message in re.findall(r"<message .*?</message>", text, re.DOTALL):
                sender, body = re.search(r"from=['\"]([^'\"]+)", message), re.search(r"<body>(.*?)</body>", message)
                number = re.search(r"<stanza-id [^>]*\bid=['\"]([^'\"]+)", message)
                if sender and body and (number is None or number[1] not in seen):
                    seen.add(number and number[1])
                    lines.received(sender[1], html.unescape(body[1]))
            stream = stream[stream.rfind(b"</message>") + len(b"</message>"):] if b"</message>" in stream else stream

    def stop(self):
        self._stopping = True
        self._process.kill()


with tempfile.TemporaryDirectory(prefix="nyala-go-sendxmpp-") as home:
    listener = Listener(home)
    try:
        if not listener.available.wait(20):
            lines.fail("go-sendxmpp is not available after 20 s")
        lines.ready()
        for to, body in lines.requests():
            sent = subprocess.run([*SEND, to], env=listener.environment, text=True, input=body, capture_output=True, timeout=20)
            if sent.returncode != 0:
                lines.fail(f"go-sendxmpp failed: {sent.stderr}")
    finally:
        listener.stop()

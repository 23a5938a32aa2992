"""How the tests talk to a client: one JSON object per line. The end of the input logs out.

In: {"to", "body"} to say something to somebody or in a group. Some clients also take {"do": "send", "to", "file"} for a file
(its path), {"do": "make", "room", "members"} for a private group and whom to let in, and {"do": "join", "room"}.

Out: {"ready": true} once logged in; {"from", "body"} for each message of somebody else that arrives ("from" without resource),
with {"encrypted": true} where it was and {"nick"} in a group; the same with {"file", "sha256"} (name and digest) instead of
"body" for each file, once the client has fetched it; {"joined"} (the address) once in a group, everybody let in."""
import hashlib
import json
import pathlib
import sys

JID, PASSWORD = sys.argv[1:3]
NICK = JID.split("@")[0]


def _say(event):
    print(json.dumps(event), flush=True)


def ready():
    _say({"ready": True})


def received(sender, body, encrypted=False, nick=None):
    _say({"from": sender.split("/")[0], "nick": nick, "body": body, "encrypted": encrypted})


def received_file(sender, name, content, encrypted=False, nick=None):
    _say({"from": sender.split("/")[0], "nick": nick, "file": name, "sha256": hashlib.sha256(content).hexdigest(), "encrypted": encrypted})


def joined(room):
    _say({"joined": room})


def is_file(body):
    """Whether a message is only the address of a file."""
    return body.startswith(("https://", "aesgcm://")) and not set(body) & set(" \n")


def name_of(url):
    return pathlib.PurePosixPath(url.split("#")[0]).name


def serve(**acts):
    """Does what the lines ask for, "say" where they say nothing else, until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        acts[request.pop("do", "say")](**request)


def requests():
    """Yields (to, body) until the input ends, for clients that only talk."""
    for line in sys.stdin:
        request = json.loads(line)
        yield request["to"], request["body"]


def fail(sentence):
    print(sentence, file=sys.stderr, flush=True)
    sys.exit(1)

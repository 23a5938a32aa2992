"""How the tests talk to a client: one JSON object per line. In: {"to", "body"}. Out: {"ready": true} once logged in,
{"from", "body"} for each message that arrives ("from" without resource). The end of the input logs out."""
import json
import sys

JID, PASSWORD = sys.argv[1:3]


def _say(event):
    print(json.dumps(event), flush=True)


def ready():
    _say({"ready": True})


def received(sender, body):
    _say({"from": sender.split("/")[0], "body": body})


def requests():
    """Yields (to, body) until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        yield request["to"], request["body"]


def fail(sentence):
    print(sentence, file=sys.stderr, flush=True)
    sys.exit(1)

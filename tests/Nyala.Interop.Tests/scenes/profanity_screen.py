#!/usr/bin/python3
"""Juliet at a terminal: logs in, sends, and what Romeo answers is on her screen."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "clients"))
from profanity import Profanity
from terminal import NotSeen
from stage import Client, Failed, play


async def scene(romeo, juliet):
    romeo = await Client(*romeo, "orchard").login()
    try:
        with Profanity(*juliet) as profanity:
            profanity.login()
            profanity.type(f"/msg {romeo.boundjid.bare} Wherefore art thou <Romeo> & 😀?")
            heard = await romeo.expect_body("Wherefore art thou <Romeo> & 😀?", juliet[0])
            romeo.send_message(mto=heard["from"], mbody="Call me but love — ☀", mtype="chat")
            await romeo.settle()
            print(profanity.wait_for("Call me but love — ☀"))
            profanity.type(f"/roster add {romeo.boundjid.bare} Romeo")
            profanity.wait_for("Romeo [offline]")  # The title of the chat window now has the name and no presence yet.
            profanity.type(f"/sub request {romeo.boundjid.bare}")
            await romeo.expect_presence("subscribe", juliet[0])
            romeo.send_presence_subscription(pto=juliet[0], ptype="subscribed")
            await romeo.settle()
            print(profanity.wait_for("Romeo [online]"))
            profanity.type("/quit")
            await romeo.settle()
    except NotSeen as failure:
        raise Failed(str(failure)) from None

play(scene)

#!/usr/bin/python3
"""What is sent to Juliet while she is away waits for her, in order, with its time, and comes once."""
from stage import Client, check, play


async def scene(romeo, juliet):
    romeo = await Client(*romeo, "orchard").login()
    lines = [f"while you were away {n}" for n in range(5)]
    for line in lines:
        romeo.send_message(mto=juliet[0], mbody=line, mtype="chat")
    typing = romeo.make_message(mto=juliet[0], mtype="chat")
    typing["chat_state"] = "composing"
    typing.send()
    await romeo.settle()

    balcony = await Client(*juliet, "balcony").login()
    for line in lines:
        message = await balcony.expect("the next message", lambda m: m["body"])
        check(message["body"] == line, f"expected {line!r}, got {message}")
        check(message.xml.find("{urn:xmpp:delay}delay") is not None, f"it does not say when it was sent: {message}")
        check(message["from"] == romeo.boundjid, f"it is from {message['from']}")
    await balcony.expect_no_message("has had everything")
    check(not [m for m in balcony.messages if m["chat_state"]], "a typing notice was kept for later")
    await balcony.settle()
    await balcony.quit()

    again = await Client(*juliet, "balcony").login()
    await again.expect_no_message("had everything the last time")
    romeo.send_message(mto=juliet[0], mbody="welcome back", mtype="chat")
    await again.expect_body("welcome back")

play(scene)

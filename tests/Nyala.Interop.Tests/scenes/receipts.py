#!/usr/bin/python3
"""Juliet's client confirms that Romeo's message has reached it; the receipt finds the way back to the right device."""
from stage import Client, check, play


async def scene(romeo, juliet):
    romeo, other = await Client(*romeo, "orchard").login(), await Client(*romeo, "other").login()
    juliet = await Client(*juliet, "balcony").login()
    for n in range(3):
        message = romeo.make_message(mto=juliet.boundjid.bare, mbody=f"did you hear {n}?", mtype="chat")
        message["request_receipt"] = True
        message.send()
        await juliet.expect_body(f"did you hear {n}?")
        receipt = await romeo.expect("the receipt", lambda m: m["receipt"])
        check(receipt["receipt"] == message["id"], f"the receipt is for {receipt['receipt']}, not {message['id']}")
        check(receipt["from"] == juliet.boundjid, f"the receipt is from {receipt['from']}")
    await other.settle()
    check(not [m for m in other.messages if m["receipt"]], "a receipt went to a device that did not ask for it")

play(scene)

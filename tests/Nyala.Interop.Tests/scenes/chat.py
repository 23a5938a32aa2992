#!/usr/bin/python3
"""Two people log in with SCRAM over STARTTLS and talk; every character arrives as it was typed."""
from stage import Client, check, play

LINES = ["But, soft! what light through yonder window breaks?", "<b>&amp; \"it's\" ]]> markup</b>", "Nyala ☕ 😀 👩‍👩‍👧 שלום",
         "first line\nsecond line\ttab", "x" * 20_000]


async def scene(romeo, juliet):
    romeo, juliet = await Client(*romeo, "orchard").login(), await Client(*juliet, "balcony").login()
    check(romeo["feature_mechanisms"].mech.name.startswith("SCRAM-"), "the login did not use SCRAM")
    check("starttls" in romeo.features or romeo.socket.version(), "the stream is not encrypted")
    for line in LINES:
        romeo.send_message(mto=juliet.boundjid.bare, mbody=line)
        heard = await juliet.expect_body(line, romeo.boundjid.bare)
        check(heard["from"] == romeo.boundjid, f"the sender is {heard['from']}, not {romeo.boundjid}")
        juliet.send_message(mto=romeo.boundjid.full, mbody=f"I heard: {line}")
        await romeo.expect_body(f"I heard: {line}", juliet.boundjid.bare)
    for n in range(50):
        romeo.send_message(mto=juliet.boundjid.bare, mbody=f"in order {n}")
    heard = [(await juliet.expect("the next message", lambda m: m["body"]))["body"] for _ in range(50)]
    check(heard == [f"in order {n}" for n in range(50)], f"the order is {heard}")

play(scene)

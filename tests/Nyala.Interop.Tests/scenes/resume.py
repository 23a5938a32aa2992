#!/usr/bin/python3
"""Juliet's network is cut; she resumes her stream, and what was sent meanwhile arrives exactly once, as does what she sent before."""
import asyncio

from stage import PATIENCE, Client, befriend, check, play


async def resume(client):
    resumed = asyncio.ensure_future(client.wait_until("session_resumed", PATIENCE))
    failed = asyncio.ensure_future(client.wait_until("sm_failed", PATIENCE))
    client.connect(client.address)
    await asyncio.wait((resumed, failed), return_when=asyncio.FIRST_COMPLETED)
    check(resumed.done() and not resumed.exception(), f"{client.name} could not resume")
    failed.cancel()


async def cut(client):
    gone = asyncio.ensure_future(client.wait_until("disconnected", PATIENCE))
    client.cut()
    await gone


async def scene(romeo, juliet):
    romeo, juliet = await Client(*romeo, "orchard").login(), await Client(*juliet, "balcony").login()
    await befriend(romeo, juliet)
    sm = juliet["xep_0198"]
    check(sm.sm_id, "the server does not offer resumption")
    said, heard = [], []
    for n in range(3):
        romeo.send_message(mto=juliet.boundjid.bare, mbody=f"before {n}", mtype="chat")
        await juliet.expect_body(f"before {n}")
    for cuts in range(3):
        identity = sm.sm_id
        juliet.send_message(mto=romeo.boundjid.bare, mbody=f"juliet, cut {cuts}", mtype="chat")
        # slixmpp 1.8 drops what is not acknowledged when it asks to resume: what the cut takes is gone.
        await romeo.expect_body(f"juliet, cut {cuts}")
        await cut(juliet)
        for n in range(5):
            romeo.send_message(mto=juliet.boundjid.bare, mbody=f"meanwhile {cuts} {n}", mtype="chat")
            said.append(f"meanwhile {cuts} {n}")
        await romeo.settle()
        await resume(juliet)
        check(sm.sm_id == identity, "resuming changed the stream's id")
        await juliet.settle()
    await juliet.expect_body(said[-1])
    heard = [m["body"] for m in juliet.messages if m["body"]] + [said[-1]]
    check(heard == said, f"juliet heard {heard}")
    await juliet.settle()
    await romeo.settle()
    check(not [m for m in romeo.messages if m["body"]], f"romeo has too much: {romeo.messages}")
    gone = [p for p in romeo.presences if p["type"] == "unavailable" and p["from"] == juliet.boundjid]
    check(not gone, "romeo saw juliet go, though she resumed")
    sm.request_ack()
    while sm.unacked_queue:
        await juliet.wait_until("stanza_acked", PATIENCE)

play(scene)

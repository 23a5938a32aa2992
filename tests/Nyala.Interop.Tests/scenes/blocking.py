#!/usr/bin/python3
"""Juliet blocks Romeo: he learns nothing, she hears nothing, her other device knows; then she forgives him."""
from stage import Client, befriend, check, play


async def scene(romeo, juliet):
    romeo, phone = await Client(*romeo, "orchard").login(), await Client(*juliet, "phone").login()
    juliet = await Client(*juliet, "balcony").login()
    a, b = romeo.boundjid.bare, juliet.boundjid.bare
    await befriend(romeo, juliet)
    pushes = []
    phone.add_event_handler("blocked", pushes.append)
    await phone["xep_0191"].get_blocked()

    await juliet["xep_0191"].block(a)
    blocked = await phone["xep_0191"].get_blocked()
    check({str(jid) for jid in blocked["blocklist"]["items"]} == {a}, f"the block list is {blocked}")
    check(len(pushes) == 1, f"the phone got {len(pushes)} pushes of the block")
    await romeo.expect_presence("unavailable", b)

    romeo.send_message(mto=b, mbody="deny thy father", mtype="chat")
    error = await romeo.expect("an error", lambda m: m["type"] == "error")
    check(error["error"]["condition"] == "service-unavailable", f"the error is {error}")
    await juliet.expect_no_message("has blocked romeo")
    await phone.expect_no_message("has blocked romeo")
    juliet.send_message(mto=a, mbody="wherefore art thou", mtype="chat")
    error = await juliet.expect("an error", lambda m: m["type"] == "error")
    check(error["error"]["condition"] == "not-acceptable", f"the error is {error}")
    await romeo.expect_no_message("is blocked by juliet")

    await juliet["xep_0191"].unblock(a)
    await romeo.expect_presence("available", b)
    romeo.send_message(mto=b, mbody="I am here", mtype="chat")
    await juliet.expect_body("I am here")
    await juliet.expect_no_message("does not get what was sent while romeo was blocked")

play(scene)

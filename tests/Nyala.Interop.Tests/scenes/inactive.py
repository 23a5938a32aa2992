#!/usr/bin/python3
"""Juliet's phone is in her pocket: presence and typing wait, a message comes at once and brings what waited before it."""
from stage import Client, befriend, check, play


async def scene(romeo, juliet):
    romeo, laptop = await Client(*romeo, "orchard").login(), await Client(*juliet, "laptop").login()
    phone = Client(*juliet, "phone", without=("xep_0198",))
    phone.register_plugin("xep_0352")
    await phone.login()
    check(phone["xep_0352"].enabled, "the server does not offer client state indication")
    await befriend(romeo, laptop)
    await phone.settle()
    phone["xep_0352"].send_inactive()
    phone.send_message(mto=laptop.boundjid.full, mbody="in the pocket")
    await laptop.expect_body("in the pocket")  # The server has handled what the phone said before.
    phone.presences.clear()

    typing = romeo.make_message(mto=phone.boundjid.full, mtype="chat")
    typing["chat_state"] = "composing"
    typing.send()
    for status in ("in the orchard", "under the balcony"):
        romeo.send_presence(pstatus=status)
        await laptop.expect(status, lambda p, status=status: p["status"] == status, "presences")
    await laptop.settle()  # Not the phone: the answer to a ping would bring along what waits.
    early = [str(p) for p in phone.presences] + [str(m) for m in phone.messages]
    check(not early, f"an inactive client was woken by {early}")
    romeo.send_message(mto=phone.boundjid.bare, mbody="He jests at scars", mtype="chat")
    await phone.expect_body("He jests at scars")
    seen = [p["status"] for p in phone.presences if p["from"] == romeo.boundjid]
    check(seen[-1:] == ["under the balcony"], f"before the message the phone saw {seen}")

    romeo.send_presence(pstatus="gone")
    await laptop.expect("gone", lambda p: p["status"] == "gone", "presences")
    phone["xep_0352"].send_active()
    await phone.expect("the presence that waited", lambda p: p["status"] == "gone", "presences")

play(scene)

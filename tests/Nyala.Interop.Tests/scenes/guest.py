#!/usr/bin/python3
"""Somebody without an account comes into Romeo's room, is heard, and leaves nothing but silence."""
from stage import Client, check, play


async def scene(romeo):
    romeo = await Client(*romeo, "phone").login()
    host = romeo.boundjid.host
    room = f"square-{romeo.boundjid.user}@rooms.{host}"
    for client in (romeo, guest := Client(f"guests.{host}", "", "stranger", mechanism="ANONYMOUS")):
        client.register_plugin("xep_0045")
    await romeo["xep_0045"].join_muc_wait(room, "Romeo", maxstanzas=0)
    form = await romeo["xep_0045"].get_room_config(room)
    form["type"] = "submit"
    form.get_fields()["muc#roomconfig_membersonly"]["value"] = False
    await romeo["xep_0045"].set_room_config(room, form)

    await guest.login()
    check(guest.boundjid.domain == f"guests.{host}" and guest.boundjid.user, f"the guest is {guest.boundjid}")
    await guest["xep_0045"].join_muc_wait(room, "Stranger", maxstanzas=0)
    guest.send_message(mto=room, mbody="good morrow, cousin", mtype="groupchat")
    await romeo.expect_body("good morrow, cousin", room)
    guest.send_message(mto=romeo.boundjid.bare, mbody="psst", mtype="chat")
    error = await guest.expect("an error", lambda m: m["type"] == "error")
    check(error["error"]["condition"] == "not-allowed", f"the error is {error}")
    await romeo.expect_no_message("is out of reach of guests")
    await guest.quit()
    await romeo.expect("the guest going", lambda p: p["from"] == f"{room}/Stranger" and p["type"] == "unavailable", "presences")

play(scene)

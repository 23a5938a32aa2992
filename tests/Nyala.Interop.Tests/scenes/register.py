#!/usr/bin/python3
"""Somebody new makes an account in band, logs in, and deletes it again. (The server runs with open registration.)"""
import asyncio

from stage import PATIENCE, Client, Failed, play


async def scene(newcomer):
    client = Client(*newcomer, "first")
    client._always_send_everything = True  # slixmpp 1.8.3 otherwise keeps back even the registration until after the login.
    registered = asyncio.get_running_loop().create_future()

    async def fill_in(_):
        form = client.make_iq_set()
        form["register"]["username"], form["register"]["password"] = client.boundjid.user, client.password
        try:
            registered.set_result(await form.send())
        except Exception as error:
            registered.set_exception(error)

    client.add_event_handler("register", fill_in)
    await client.login()
    await asyncio.wait_for(registered, PATIENCE)
    await client["xep_0077"].cancel_registration(jid=client.boundjid.host)
    try:
        await Client(*newcomer, "again").login()
    except Failed as failure:
        print(failure)
    else:
        raise Failed("the account is still there")

play(scene)

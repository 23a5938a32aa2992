#!/usr/bin/python3
"""Romeo changes his password in band: the new one works, the old one does not."""
from stage import Client, Failed, play


async def scene(romeo):
    jid, old = romeo
    client = await Client(jid, old, "orchard").login()
    await client["xep_0077"].change_password("a rose by any öther name", jid=client.boundjid.host)
    await client.quit()
    await (await Client(jid, "a rose by any öther name", "orchard").login()).quit()
    try:
        await Client(jid, old, "orchard").login()
    except Failed as failure:
        print(failure)
    else:
        raise Failed("the old password still works")

play(scene)

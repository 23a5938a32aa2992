#!/usr/bin/python3
"""Every login this client can do: each SCRAM the server offers, over STARTTLS and direct TLS; a wrong password gets nowhere."""
from stage import Client, Failed, check, play


def without_channel_binding(client):
    """slixmpp would announce channel binding ("y") with every SCRAM; this makes it a client that has none ("n")."""
    mechanisms = client["feature_mechanisms"]
    ordinary = mechanisms._default_credentials
    mechanisms.sasl_callback = lambda required, optional: ordinary(required, optional) | {"channel_binding": b""}
    return client


async def scene(romeo):
    for direct_tls in (False, True):
        client = await Client(*romeo, "any", direct_tls=direct_tls).login()
        plugin = client["feature_mechanisms"]
        print("direct TLS" if direct_tls else "STARTTLS", client.socket.version(), plugin.mech.name, "of",
              sorted(plugin.mech_list))
        check(plugin.mech.name.startswith("SCRAM-"), f"left to itself the client used {plugin.mech.name}")
        check(not plugin.attempted_mechs, f"before that it had tried {plugin.attempted_mechs}")
        offered = [name for name in plugin.mech_list if name.startswith("SCRAM-") and not name.endswith("-PLUS")]
        await client.quit()
    for name in offered:
        client = await without_channel_binding(Client(*romeo, "chosen", mechanism=name)).login()
        check(client["feature_mechanisms"].mech.name == name, f"wanted {name}")
        await client.quit()
    try:
        await Client(romeo[0], "not the password", "thief").login()
    except Failed as failure:
        print(failure)
    else:
        raise Failed("a wrong password was let in")

play(scene)

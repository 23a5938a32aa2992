#!/usr/bin/python3
"""The prince administers from his client: lists, an announcement, a disabled account; Juliet is found by name and reports Romeo."""
import copy

from slixmpp.xmlstream import ET

from stage import Client, Failed, check, play

ADMIN, OWN = "http://jabber.org/protocol/admin", "urn:nyala:commands:0"


async def execute(client, node, to, **fields):
    """Executes a command with no more than one form, as the plugin for XEP-0050 does it."""
    commands = client["xep_0050"]
    answer = await commands.send_command(to, node)
    if answer["command"]["status"] == "executing":
        check("complete" in answer["command"]["actions"], f"{node} cannot be completed: {answer}")
        form = copy.copy(answer["command"]["form"])
        form["type"] = "submit"
        for name, value in fields.items():
            form.get_fields()[name]["value"] = value
        answer = await commands.send_command(
            to, node, action="complete", payload=[form], sessionid=answer["command"]["sessionid"])
    check(answer["command"]["status"] == "completed", f"{node} is {answer}")
    return answer["command"]


async def ask(client, to, kind, element):
    iq = client.make_iq(ito=to, itype=kind)
    iq.append(ET.fromstring(element))
    return await iq.send()


async def scene(prince, romeo, juliet):
    clients = [Client(*who, "phone") for who in (prince, romeo, juliet)]
    for client in clients:
        client.register_plugin("xep_0050")
        await client.login()
    prince, romeo, juliet = clients
    host, a, b = prince.boundjid.host, romeo.boundjid.bare, juliet.boundjid.bare

    nodes = [item[1] for item in (await prince["xep_0050"].get_commands(prince.boundjid.bare))["disco_items"]["items"]]
    check(f"{ADMIN}#add-user" in nodes, f"the prince's own address offers {nodes}")
    seen = [item[1] for item in (await romeo["xep_0050"].get_commands(host))["disco_items"]["items"]]
    check(not [node for node in seen if node.startswith(ADMIN)], f"romeo is offered {seen}")
    await romeo.expect_error("forbidden", romeo["xep_0050"].send_command(host, f"{ADMIN}#announce"))

    online = (await execute(prince, f"{ADMIN}#get-online-users-list", host, max_items="none"))["form"]["values"]["onlineuserjids"]
    check({a, b} <= set(online), f"online are {online}")
    await execute(prince, f"{ADMIN}#announce", host, announcement="The prince speaks")
    await romeo.expect_body("The prince speaks", host)

    await execute(juliet, f"{OWN}#directory", host, visible=True, first="Giulietta", last=juliet.boundjid.user)
    found = await ask(romeo, f"users.{host}", "set", f"<query xmlns='jabber:iq:search'><last>{juliet.boundjid.user}</last></query>")
    check(f'jid="{b}"' in str(found), f"the search found {found}")
    await ask(juliet, None, "set", f"<block xmlns='urn:xmpp:blocking'><item jid='{a}'><report xmlns='urn:xmpp:reporting:1' "
                                   "reason='urn:xmpp:reporting:abuse'><text>He climbs the orchard walls</text></report></item></block>")
    listed = await prince["xep_0050"].send_command(host, f"{OWN}#reports")
    check(a in str(listed), f"the reports are {listed}")

    await execute(prince, f"{ADMIN}#disable-user", host, accountjids=[a])
    try:
        await Client(a, romeo.password, "again").login()
    except Failed as failure:
        print(failure)
    else:
        raise Failed("romeo got in")

play(scene)

#!/usr/bin/python3
"""Romeo adds Juliet to his roster, they subscribe to each other, see each other come, change and go, and part."""
from stage import Client, befriend, check, play


async def scene(romeo, juliet):
    romeo, juliet = await Client(*romeo, "orchard").login(), await Client(*juliet, "balcony").login()
    a, b = romeo.boundjid.bare, juliet.boundjid.bare
    await romeo.get_roster()
    await juliet.get_roster()
    await romeo.update_roster(b, name="Juliet ☀", groups=["Capulets", "Friends"])
    await befriend(romeo, juliet)

    second = await Client(romeo.boundjid.bare, romeo.password, "cell").login()
    await second.get_roster()
    item = second.client_roster[b]
    check(item["name"] == "Juliet ☀" and set(item["groups"]) == {"Capulets", "Friends"}, f"the roster has {item}")
    check(item["subscription"] == "both", f"the subscription is {item['subscription']}")
    await second.expect_presence("available", b)
    await juliet.expect("the second device", lambda p: p["from"] == second.boundjid, "presences")

    romeo.send_presence(pshow="away", pstatus="in Mantua", ppriority=7)
    seen = await juliet.expect("romeo away", lambda p: p["from"] == romeo.boundjid and p["show"] == "away", "presences")
    check(seen["status"] == "in Mantua" and seen["priority"] == 7, f"the presence is {seen}")
    await romeo.quit()
    gone = await juliet.expect_presence("unavailable", a)
    check(gone["from"].resource == "orchard", f"unavailable came from {gone['from']}")

    await juliet.del_roster_item(a)
    await second.expect_presence("unsubscribe", b)
    await second.expect_presence("unsubscribed", b)
    juliet.send_presence(pstatus="nothing to him any more")
    await juliet.settle()
    await second.get_roster()
    check(not [p for p in second.presences if "nothing" in p["status"]], "romeo still sees juliet's presence")
    check(second.client_roster[b]["subscription"] == "none", f"the subscription is {second.client_roster[b]}")
    await juliet.get_roster()
    check(a not in juliet.client_roster, "juliet still has romeo in her roster")

play(scene)

#!/usr/bin/python3
"""Juliet reads her archive: forwards and backwards in pages, by contact, by time; ids agree with what she saw live."""
import datetime

from stage import Client, body_of, check, play

SID = "{urn:xmpp:sid:0}stanza-id"


async def page(client, with_jid=None, start=None, **rsm):
    """One page: the bodies, the archive ids, and the <fin/>."""
    answer = await client["xep_0313"].retrieve(with_jid=with_jid, start=start, rsm=rsm)
    results = answer["mam"]["results"]
    for result in results:
        check(result.xml.find(".//{urn:xmpp:delay}delay") is not None, f"a result has no time: {result}")
    return [body_of(m) for m in results], [m["mam_result"]["id"] for m in results], answer["mam_fin"]


async def backwards(client, size, with_jid=None):
    """Every body, the newest first, read page by page from the end."""
    bodies = []
    async for answer in client["xep_0313"].retrieve(with_jid=with_jid, reverse=True, iterator=True, rsm={"max": size}):
        found = [body_of(m) for m in answer["mam"]["results"]]
        check(len(found) <= size, f"asked for {size}, got {len(found)}")
        bodies += reversed(found)
    return bodies


async def scene(romeo, juliet, nurse):
    romeo, nurse = await Client(*romeo, "orchard").login(), await Client(*nurse, "chamber").login()
    juliet = await Client(*juliet, "balcony").login()
    live = {}
    for n in range(12):
        for sender in (romeo, nurse):
            sender.send_message(mto=juliet.boundjid.bare, mbody=f"{sender.boundjid.user} {n}", mtype="chat")
            heard = await juliet.expect_body(f"{sender.boundjid.user} {n}")
            live[heard["body"]] = heard.xml.find(SID).get("id")
    juliet.send_message(mto=romeo.boundjid.bare, mbody="juliet herself", mtype="chat")
    await romeo.expect_body("juliet herself")
    everything = [f"{who} {n}" for n in range(12) for who in (romeo.boundjid.user, nurse.boundjid.user)]
    everything.append("juliet herself")

    pages, ids, after, complete = [], [], {}, False
    while not complete:
        bodies, found, fin = await page(juliet, max=7, **after)
        check(len(bodies) <= 7, f"asked for 7, got {len(bodies)}")
        check(fin["rsm"]["first"] == found[0] and fin["rsm"]["last"] == found[-1], f"RSM of the page is {fin}")
        pages, ids, after = pages + bodies, ids + found, {"after": found[-1]}
        complete = fin.xml.get("complete") == "true"
    check(pages == everything, f"forwards the archive is {pages}")
    check(len(set(ids)) == len(ids), "an archive id appears twice")
    check({body: i for body, i in zip(pages, ids) if body in live} == live, "live and archived ids differ")

    check(await backwards(juliet, 5) == everything[::-1], "backwards the archive is not what it is forwards")
    mine = [body for body in everything if not body.startswith(nurse.boundjid.user)]
    bodies, _, _ = await page(juliet, with_jid=romeo.boundjid.bare, max=50)
    check(bodies == mine, f"with romeo there is {bodies}")
    bodies = await backwards(juliet, 3, romeo.boundjid.bare)
    check(bodies == mine[::-1], f"backwards with romeo there is {bodies}")
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    bodies, _, _ = await page(juliet, start=later, max=50)
    check(bodies == [], f"the future holds {bodies}")
    await juliet.expect_error("item-not-found", page(juliet, max=5, after="no-such-id"))

    bodies, _, _ = await page(romeo, max=50)
    check(bodies == mine, f"romeo's archive is {bodies}")
    form = await juliet["xep_0313"].get_fields()
    check({"with", "start", "end"} <= set(form.get_fields()), f"the query form has {list(form.get_fields())}")

play(scene)

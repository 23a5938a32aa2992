#!/usr/bin/python3
"""Romeo uploads a letter with slixmpp's own plugin and sends its address; Juliet fetches it, whole and in part."""
import asyncio
import hashlib
import io
import os
import urllib.error
import urllib.request

from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0363 import FileTooBig

from stage import Client, check, play


def fetch(url, **headers):
    """Status, headers and body; an answer that is an error is an answer too."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


async def discover(client):
    """What find_upload_service of slixmpp 1.8 would do if it worked on Python 3.11 (it hands coroutines to asyncio.wait)."""
    plugin, disco = client["xep_0363"], client["xep_0030"]
    items = await disco.get_items(jid=client.boundjid.host)
    for jid, _, _ in items["disco_items"]["items"]:
        info = await disco.get_info(jid=jid)
        if "urn:xmpp:http:upload:0" in info["disco_info"]["features"]:
            plugin.upload_service = info["from"]
            plugin.max_file_size = next(
                int(form["values"]["max-file-size"]) for form in info["disco_info"].iterables
                if form["values"]["FORM_TYPE"] == ["urn:xmpp:http:upload:0"])
    check(plugin.upload_service is not None, "there is no service for files")


async def scene(romeo, juliet):
    romeo = Client(*romeo, "orchard")
    for plugin in ("xep_0363", "xep_0066"):
        romeo.register_plugin(plugin)
    await romeo.login()
    juliet = await Client(*juliet, "balcony").login()

    await discover(romeo)
    letter = os.urandom(300_000)
    url = await romeo["xep_0363"].upload_file("/home/romeo/love letter ♥.pdf", input_file=io.BytesIO(letter), timeout=20)
    check(url.endswith("/love%20letter%20%E2%99%A5.pdf"), f"the address is {url}")
    message = romeo.make_message(mto=juliet.boundjid.bare, mbody=url, mtype="chat")
    message["oob"]["url"] = url
    message.send()
    received = await juliet.expect_body(url, romeo.boundjid.bare)
    check(received.xml.find("{jabber:x:oob}x/{jabber:x:oob}url").text == url, "the address is not said to be a file")

    loop = asyncio.get_running_loop()
    status, headers, body = await loop.run_in_executor(None, fetch, received["body"])
    check(status == 200 and hashlib.sha256(body).digest() == hashlib.sha256(letter).digest(), f"fetched {len(body)} bytes with {status}")
    check(headers["Content-Type"] == "application/pdf" and headers["Content-Disposition"].startswith("attachment"),
          f"it is {headers['Content-Type']}, {headers['Content-Disposition']}")
    status, headers, body = await loop.run_in_executor(None, lambda: fetch(url, Range="bytes=200000-"))
    check(status == 206 and body == letter[200_000:], f"the rest came as {len(body)} bytes with {status}")

    plugin = romeo["xep_0363"]
    try:
        await plugin.upload_file("big.iso", size=10 ** 12, input_file=io.BytesIO(b""), timeout=20)
        check(False, "a file of a terabyte was taken")
    except FileTooBig:
        pass
    try:
        await plugin.request_slot(plugin.upload_service, "big.iso", 10 ** 12)
        check(False, "a slot for a terabyte was given")
    except IqError as error:
        most = error.iq.xml.find(".//{urn:xmpp:http:upload:0}max-file-size")
        check(error.condition == "not-acceptable" and int(most.text) == plugin.max_file_size, f"refused with {error.iq}")

play(scene)

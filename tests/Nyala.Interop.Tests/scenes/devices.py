#!/usr/bin/python3
"""Waits until a stranger finds what it needs to encrypt for somebody's device: its number, and keys under that number."""
import asyncio

from slixmpp.exceptions import IqError

from stage import Client, play

OMEMO = "eu.siacs.conversations.axolotl"


async def items(client, whose, node):
    try:
        return (await client["xep_0060"].get_items(whose, node)).xml
    except IqError:
        return []


async def has_keys(client, whose):
    devices = [device.get("id") for list_ in await items(client, whose, f"{OMEMO}.devicelist") for device in list_.iter(f"{{{OMEMO}}}device")]
    bundles = [await items(client, whose, f"{OMEMO}.bundles:{device}") for device in devices]
    return any(bundle.find(f".//{{{OMEMO}}}preKeyPublic") is not None for bundle in bundles if len(bundle))


async def scene(stranger, person):
    client = Client(*stranger, "onlooker", available=False)
    client.register_plugin("xep_0060")
    await client.login()
    while not await has_keys(client, person[0]):
        await asyncio.sleep(0.1)
    await client.quit()

play(scene)

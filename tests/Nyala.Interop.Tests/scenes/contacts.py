#!/usr/bin/python3
"""Everybody is everybody's contact, as people who talk are: they see each other's presence, and each hears of the other's devices
(XEP-0163 §4.3). Gajim asks a stranger's server for devices only once, and Dino fetches files of known people by itself."""
from itertools import combinations

from stage import Client, befriend, play


async def scene(*people):
    clients = [await Client(*person, "book").login() for person in people]
    for client in clients:
        await client.get_roster()
    for one, other in combinations(clients, 2):
        await befriend(one, other)
    for client in clients:
        await client.quit()

play(scene)

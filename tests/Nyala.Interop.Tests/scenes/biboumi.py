#!/usr/bin/python3
"""Romeo joins an IRC channel through Debian's biboumi; somebody on IRC (Debian's ngircd) and he see and hear each other."""
import asyncio
import os
import shutil
import tempfile
from xml.etree import ElementTree as ET

from stage import PATIENCE, Client, Failed, check, play

DOMAIN = "irc.localhost"
IRC = "127.6.6.7"  # biboumi knows the usual ports only: an address of our own keeps others out of the way.
ROOM = f"#nyala%{IRC}@{DOMAIN}"


class Irc:
    """Somebody on IRC, as bare as it gets."""

    async def join(self, nick):
        for _ in range(200):
            try:
                self.reader, self.writer = await asyncio.open_connection(IRC, 6667)
                break
            except OSError:
                await asyncio.sleep(0.05)
        else:
            raise Failed("the IRC server did not start")
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        await self.expect(" 001 ")
        self.say("JOIN #nyala")
        await self.expect(" 366 ")
        return self

    def say(self, *lines):
        self.writer.write("".join(line + "\r\n" for line in lines).encode())

    async def expect(self, part):
        seen = []
        while True:
            try:
                line = (await asyncio.wait_for(self.reader.readline(), PATIENCE)).decode().strip()
            except asyncio.TimeoutError:
                raise Failed(f"IRC: waited for {part!r}, heard {seen}") from None
            if not line:
                raise Failed(f"IRC: hung up, heard {seen}")
            if line.startswith("PING"):
                self.say(line.replace("PING", "PONG"))
            seen.append(line)
            if part in line:
                return line


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)
    return path


async def start(*command):
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)


async def play_it(romeo, folder):
    host, port = os.environ["NYALA_COMPONENTS"].rsplit(":", 1)
    irc = write(folder, "ngircd.conf", f"[Global]\nName = irc.example.net\nInfo = test\nListen = {IRC}\nPorts = 6667\n"
                "[Options]\nDNS = no\nIdent = no\nPAM = no\n[Limits]\nMaxNickLength = 30\n")
    settings = write(folder, "biboumi.cfg", f"hostname={DOMAIN}\npassword={os.environ['NYALA_COMPONENT_SECRET']}\n"
                     f"xmpp_server_ip={host}\nport={port}\ndb_name={folder}/biboumi.sqlite\nlog_file={folder}/biboumi.log\nlog_level=1\nidentd_port=0\n")
    daemons = [await start("/usr/sbin/ngircd", "-n", "-f", irc), await start("biboumi", settings)]
    try:
        tybalt = await Irc().join("tybalt")
        romeo = await Client(*romeo, "orchard").login()
        for _ in range(200):
            items = await romeo["xep_0030"].get_items(jid=romeo.boundjid.host)
            if DOMAIN in {jid for jid, _, _ in items["disco_items"]["items"]}:
                break
            await asyncio.sleep(0.05)
        else:
            raise Failed("biboumi did not connect")

        presence = romeo.make_presence(pto=f"{ROOM}/montague")
        presence.xml.append(ET.Element("{http://jabber.org/protocol/muc}x"))
        presence.send()
        await romeo.expect("tybalt in the channel", lambda p: p["from"] == f"{ROOM}/tybalt" and p.xml.get("type") is None, "presences")
        await romeo.expect("himself in the channel", lambda p: p["from"] == f"{ROOM}/montague" and p.xml.get("type") is None, "presences")
        await tybalt.expect("JOIN :#nyala")
        tybalt.say("PRIVMSG #nyala :peace? I hate the word – ü")
        await romeo.expect("what tybalt says", lambda m: m["type"] == "groupchat" and m["from"] == f"{ROOM}/tybalt"
                           and m["body"] == "peace? I hate the word – ü")
        romeo.send_message(ROOM, "I do but keep the peace", mtype="groupchat")
        line = await tybalt.expect("PRIVMSG #nyala")
        check(line.startswith(":montague!") and line.endswith(":I do but keep the peace"), f"IRC heard {line}")
        tybalt.say("PRIVMSG montague :a word with one of you")
        await romeo.expect("a private word", lambda m: m["type"] == "chat" and m["body"] == "a word with one of you")
        tybalt.say("PART #nyala")
        await romeo.expect("tybalt leaving", lambda p: p["from"] == f"{ROOM}/tybalt" and p.xml.get("type") == "unavailable", "presences")
    finally:
        for daemon in daemons:
            if daemon.returncode is None:
                daemon.terminate()
        log = os.path.join(folder, "biboumi.log")
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as file:
                print(file.read()[-4000:])


async def scene(romeo):
    folder = tempfile.mkdtemp(prefix="nyala-biboumi-")
    try:
        await play_it(romeo, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


play(scene, limit=90)

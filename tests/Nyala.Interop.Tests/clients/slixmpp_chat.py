"""slixmpp over STARTTLS."""
import asyncio
import os
import pathlib
import sys
import threading

sys.path.append(str(pathlib.Path(__file__).parent.parent / "scenes"))
import lines
from stage import Client, Failed


async def main():
    client = Client(lines.JID, lines.PASSWORD, "slixmpp")
    client.add_event_handler("message", lambda m: m["type"] != "error" and m["body"]
                             and lines.received(m["from"].bare, m["body"]))
    try:
        await client.login()
    except Failed as failure:
        lines.fail(str(failure))
    lines.ready()
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def read():
        for to, body in lines.requests():
            loop.call_soon_threadsafe(lambda to=to, body=body: client.send_message(mto=to, mbody=body, mtype="chat"))
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=read, daemon=True).start()
    await done.wait()
    await client.quit()

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(main())
os._exit(0)  # slixmpp leaves tasks behind that would keep the loop busy.

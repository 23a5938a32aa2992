"""nbxmpp, the library under Gajim, over direct TLS. It uses SASL2 where the server has it, without Bind 2."""
import os
import sys
import threading

import lines
from gi.repository import GLib
from nbxmpp.client import Client
from nbxmpp.const import ConnectionProtocol, ConnectionType
from nbxmpp.protocol import Message, Presence
from nbxmpp.structs import StanzaHandler

user, domain = lines.JID.split("@")
loop = GLib.MainLoop()
client = Client()
client.set_username(user)
client.set_domain(domain)
client.set_resource("nbxmpp")
client.set_password(lines.PASSWORD)
client.set_ignore_tls_errors(True)
client.set_custom_host(os.environ["NYALA_XMPPTLS"], ConnectionProtocol.TCP, ConnectionType.DIRECT_TLS)


def read():
    for to, body in lines.requests():
        GLib.idle_add(lambda to=to, body=body: client.send_stanza(Message(to=to, body=body, typ="chat")) and False)
    GLib.idle_add(client.disconnect)


def connected(*_):
    client.send_stanza(Presence())
    lines.ready()
    threading.Thread(target=read, daemon=True).start()


def heard(_client, stanza, _properties):
    if stanza.getBody() and stanza.getType() != "error":
        lines.received(str(stanza.getFrom()), stanza.getBody())


def over(_client, event, *_):
    print(event, client.get_error(), file=sys.stderr, flush=True)
    loop.quit()


client.subscribe("connected", connected)
client.subscribe("connection-failed", over)
client.subscribe("disconnected", over)
client.register_handler(StanzaHandler(name="message", callback=heard, priority=10))
client.connect()
loop.run()

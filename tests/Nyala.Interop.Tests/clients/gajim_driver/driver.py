"""A plugin that Gajim loads: it reads requests from Gajim's standard input, does in the window what a person would, and
writes an answer to each, and every event that Gajim's window is told of, to file descriptor NYALA_EVENTS."""
import json
import os
import sys
from pathlib import Path

from gi.repository import GLib
from nbxmpp.protocol import JID

from gajim.common import app
from gajim.gtk.util import open_window
from gajim.plugins import GajimPlugin

AFTER_THE_WINDOW = 1000
ACCOUNT = "person"


class Driver(GajimPlugin):
    def init(self):
        self.events_handlers = {name: (AFTER_THE_WINDOW, self._on_event) for name in (
            "signed-in", "message-received", "gc-message-received", "message-sent", "message-error",
            "receipt-received", "displayed-received", "subscribe-presence-received")}
        self._out = os.fdopen(int(os.environ["NYALA_EVENTS"]), "w")

    def activate(self):
        os.set_blocking(sys.stdin.fileno(), False)
        self._rest = b""
        GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, self._on_input)
        self._say(event="started")

    def _on_input(self, source, _condition):
        chunk = os.read(source, 65536)
        if not chunk:
            app.app.quit()
            return GLib.SOURCE_REMOVE
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            request = json.loads(line)
            do = request.pop("do")
            try:
                self._say(did=do, value=getattr(self, f"do_{do}")(**request))
            except Exception as failure:
                self._say(did=do, failed=repr(failure))
        return GLib.SOURCE_CONTINUE

    def _say(self, **what):
        self._out.write(json.dumps(what, default=str) + "\n")
        self._out.flush()

    def _on_event(self, event):
        properties = getattr(event, "properties", None)
        self._say(event=event.name, jid=getattr(event, "jid", None), nick=getattr(event, "resource", None),
                  body=getattr(event, "msgtxt", getattr(event, "message", None)),
                  encrypted=bool(getattr(properties, "is_encrypted", False)), error=getattr(event, "error", None))

    def _module(self, name):
        return app.get_client(ACCOUNT).get_module(name)

    def do_open(self, jid, kind="contact"):
        app.window.add_chat(ACCOUNT, JID.from_string(jid), kind, select=True)

    def do_write(self, text):
        """Types into the open conversation and sends; false when Gajim left the text where it is."""
        field = app.window.get_chat_stack().get_message_input()
        if field.get_text() != text:
            field.insert_text(text)
        app.window.activate_action("send-message", None)
        return field.get_text() == ""

    def do_encrypt(self, how):
        app.window.get_action("set-encryption").change_state(GLib.Variant("s", how))

    def do_add(self, jid, name):
        """Asks for the contact's presence and allows it to see ours, as the dialog for a new contact does."""
        self._module("Presence").subscribe(jid, name=name, auto_auth=True)

    def do_make(self, room, name):
        """A private group, by the dialog for a new one."""
        window = open_window("CreateGroupchatWindow", account=ACCOUNT)
        window._ui.name_entry.set_text(name)
        window._ui.private_radio.set_active(True)
        window._ui.advanced_switch.set_active(True)
        window._ui.address_entry.set_text(room)
        window._ui.create_button.clicked()

    def do_join(self, room):
        """By the dialog for joining, once it knows the group; whether we are in."""
        if self.do_joined(room):
            return True
        window = open_window("GroupchatJoin", account=ACCOUNT, jid=room)
        if window._stack.get_visible_child_name() == "info":
            window._join_button.clicked()
        return False

    def do_joined(self, room):
        return self._module("Contacts").get_contact(room, groupchat=True).is_joined

    def do_invite(self, room, members):
        """Lets them in and tells them; an event says whom the server has let in. False while Gajim does not know the group."""
        address = JID.from_string(room)
        disco = self._module("Contacts").get_contact(room, groupchat=True).get_disco()
        if disco is None or not disco.muc_is_members_only:
            return False
        for member in members:
            self._module("MUC").invite(address, JID.from_string(member))
        self._module("MUC").get_affiliation(address, "member", callback=self._on_members)
        return True

    def _on_members(self, task):
        result = task.finish()
        self._say(event="members", room=str(result.jid), members=sorted(map(str, result.users)))

    def do_send(self, jid, path, encrypted):
        """Sends a file to the open conversation, as its paper clip does. False while Gajim has found no place for files, or has no
        keys of the other side: a text waits for those, a file's address does not."""
        upload = self._module("HTTPUpload")
        if not upload.available or encrypted and self._module("OMEMO").are_keys_missing(jid):
            return False
        upload.send_file(app.window.get_control().contact, Path(path))
        return True

    def do_fetched(self, uri):
        """Where Gajim puts a file that it shows; None until it is there, written or not."""
        for preview in app.preview_manager._previews.values():
            if preview.uri != uri:
                continue
            if preview.info_message:
                raise RuntimeError(preview.info_message)
            if preview.orig_exists:
                return str(preview.orig_path)
        return None

    def do_server(self):
        """Help → Features of the server, as its dialog lists them."""
        window = open_window("ServerInfo", account=ACCOUNT)
        return {feature.name: bool(feature.available) for feature in window._get_features()}

    def do_rows(self):
        """What the open conversation shows."""
        rows = []
        for row in app.window.get_control()._scrolled_view.iter_rows():
            if row.type == "chat":
                rows.append({"name": row.name, "text": row.get_text(), "kind": row.kind, "received": row.has_receipt,
                             "seen": row.has_displayed, "encryption": (row.encryption if hasattr(row, "encryption") else None)})
        return rows

    def do_presence(self, jid):
        contact = self._module("Contacts").get_contact(jid)
        return {"show": contact.show.value, "subscription": contact.subscription, "name": contact.name,
                "avatar": contact.avatar_sha is not None}

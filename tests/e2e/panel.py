#!/usr/bin/python3
"""A panel: watches over status items as desktops do, and does to the one that comes what it is told, line by line.

Each line on standard input is {"do": ..., ...}; each answer on standard output is one line of JSON.
"""
import hashlib
import json
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Panel(dbus.service.Object):
    def __init__(self, bus, has_host):
        self.bus, self.has_host = bus, has_host
        self.item = None
        # What the item has said by itself, by signal.
        self.told = {}
        name = dbus.service.BusName(WATCHER, bus, do_not_queue=True)
        super().__init__(name, "/StatusNotifierWatcher")

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, service, sender):
        # The sender, as several watchers do: the name it gives may belong to another connection of it.
        self.item = sender
        for interface in (ITEM, MENU):
            self.bus.add_signal_receiver(self.note, None, interface, sender, member_keyword="member")

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, service):
        pass

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return {"IsStatusNotifierHostRegistered": self.has_host, "ProtocolVersion": 0,
                "RegisteredStatusNotifierItems": dbus.Array([], signature="s")}[name]

    @dbus.service.signal(WATCHER)
    def StatusNotifierHostRegistered(self):
        pass

    @dbus.service.signal(WATCHER)
    def StatusNotifierHostUnregistered(self):
        pass

    def note(self, *_, member):
        self.told[member] = self.told.get(member, 0) + 1

    def of_item(self, path, interface):
        return dbus.Interface(self.bus.get_object(self.item, path, introspect=False), interface)

    def menu(self):
        get = self.of_item("/StatusNotifierItem", PROPERTIES)
        return self.of_item(str(get.Get(ITEM, "Menu")), MENU)

    # What it can be told.

    def do_look(self):
        if self.item is None:
            return None
        seen = self.of_item("/StatusNotifierItem", PROPERTIES).GetAll(ITEM)
        pictures = [(int(width), bytes(data)) for width, _, data in seen["IconPixmap"]]
        return {
            "sizes": [width for width, _ in pictures],
            "icon": hashlib.sha256(b"".join(data for _, data in pictures)).hexdigest(),
            "words": str(seen["ToolTip"][3]),
        }

    def do_menu(self):
        if self.item is None:
            return None
        revision, layout = self.menu().GetLayout(0, -1, dbus.Array([], signature="s"))
        ids = []

        def read(node):
            number, own, children = node
            ids.append(int(number))
            return {
                "id": int(number),
                "label": str(own.get("label", "")),
                "enabled": bool(own.get("enabled", True)),
                "visible": bool(own.get("visible", True)),
                "isLine": str(own.get("type", "")) == "separator",
                "mark": len(own.get("icon-data", b"")),
                "items": [read(child) for child in children],
            }

        root = read(layout)
        # Hosts read the properties by themselves, too.
        group = self.menu().GetGroupProperties(ids[1:], dbus.Array(["label"], signature="s"))
        return {"revision": int(revision), "items": root["items"], "known": len(group), "asked": len(ids) - 1}

    def do_choose(self, id):
        self.menu().Event(id, "clicked", dbus.String("", variant_level=1), dbus.UInt32(0))

    def do_press(self, button):
        item = self.of_item("/StatusNotifierItem", ITEM)
        {"left": item.Activate, "middle": item.SecondaryActivate}[button](0, 0)

    def do_told(self):
        return self.told

    def do_host(self, has):
        self.has_host = has
        (self.StatusNotifierHostRegistered if has else self.StatusNotifierHostUnregistered)()


def main():
    DBusGMainLoop(set_as_default=True)
    panel = Panel(dbus.SessionBus(), "--no-host" not in sys.argv)
    loop = GLib.MainLoop()

    def read(*_):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        order = json.loads(line)
        try:
            answer = {"is": getattr(panel, "do_" + order.pop("do"))(**order)}
        except dbus.DBusException as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
        return True

    GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP, read)
    print(json.dumps({"is": "watching"}), flush=True)
    loop.run()


main()

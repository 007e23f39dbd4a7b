"""What a screen reader gets of a window: its tree of controls, or what its live regions say. One JSON object a line.

Usage: reader.py tree | reader.py listen   (with the system's python3, which has gi)
"""
import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402


def main():
    Atspi.init()
    if sys.argv[1] == "tree":
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            walk(desktop.get_child_at_index(i))
    else:
        listener = Atspi.EventListener.new(heard)
        listener.register("object:children-changed:add")
        say(listening=True)
        GLib.MainLoop().run()


def walk(node):
    # What goes while it is read is not there for a screen reader either.
    try:
        states = node.get_state_set()
        say(
            role=node.get_role_name(),
            name=node.get_name(),
            focusable=states.contains(Atspi.StateType.FOCUSABLE),
            live=live(node),
            text=text(node),
        )
        children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
    except GLib.Error:
        return
    for child in children:
        if child is not None:
            walk(child)


def heard(event):
    try:
        if live(event.source) in ("polite", "assertive"):
            say(role=event.source.get_role_name(), live=live(event.source), text=text(event.source))
    except GLib.Error:
        pass


def live(node):
    attributes = node.get_attributes() or {}
    return attributes.get("container-live") or attributes.get("live")


def text(node):
    """Its own and what lies in it."""
    # Where a child stands in a text, there is one character for it.
    own = Atspi.Text.get_text(node, 0, -1).replace("\ufffc", " ") if "Text" in node.get_interfaces() else ""
    children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
    return " ".join(" ".join([own, *(text(child) for child in children if child is not None)]).split())


def say(**what):
    print(json.dumps(what), flush=True)


main()

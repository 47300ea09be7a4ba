"""RFB 3.8 (RFC 6143): what a display says, and a picture of it."""

import struct

from .checks import Trouble

VERSION = "RFB 003.008"


def greeting(display):
    """What it says first; how it refuses, where it does."""
    if display.status != 101:
        return f"status {display.status}"
    return display.exactly(12).decode(errors="replace").strip()


def enter(display):
    """Goes on until pictures may be asked for. Returns width and height."""
    if (words := greeting(display)) != VERSION:
        raise Trouble(f"the display greets with {words!r}")
    display.write(f"{VERSION}\n".encode())
    # Security types; none of them is the first.
    display.exactly(display.exactly(1)[0])
    display.write(b"\x01")
    if display.exactly(4) != bytes(4):
        raise Trouble("the display refuses")
    # Others may look too.
    display.write(b"\x01")
    width, height = struct.unpack(">HH", display.exactly(4))
    display.exactly(16)
    (length,) = struct.unpack(">I", display.exactly(4))
    display.exactly(length)
    # Pixels as they are, and no other encoding.
    display.write(struct.pack(">BBHI", 2, 0, 1, 0))
    return width, height


def ask(display, width, height, changed=False):
    display.write(struct.pack(">BBHHHH", 3, changed, 0, 0, width, height))


def rectangle(display):
    """The colours of a rectangle."""
    _, _, width, height, encoding = struct.unpack(">HHHHi", display.exactly(12))
    if encoding:
        raise Trouble(f"encoding {encoding}")
    pixels = display.exactly(4 * width * height)
    return {pixels[at:at + 3] for at in range(0, len(pixels), 4)}


def picture(display):
    """Words on a whole picture, as soon as there is one with more than one colour in it."""
    width, height = enter(display)
    ask(display, width, height)
    colours = set()
    while True:
        kind, _, rectangles = struct.unpack(">BBH", display.exactly(4))
        if kind:
            raise Trouble(f"message {kind} in place of a picture")
        for _ in range(rectangles):
            colours |= rectangle(display)
        if len(colours) > 1:
            return f"{width}x{height}, {len(colours)} colours"
        ask(display, width, height, changed=True)

#!/bin/sh
# Called by udev when a viewer asks for another size: that is the preferred one of the screen then.
# "unix", because without an X server, which takes that size by itself when it starts, TCP would be tried, and udev's programs
# would wait minutes for it.
export DISPLAY=unix:0
# It looks for the new mode first: asked for both at once, xrandr takes the mode that was preferred before.
xrandr > /dev/null && exec xrandr --current --output Virtual-1 --auto

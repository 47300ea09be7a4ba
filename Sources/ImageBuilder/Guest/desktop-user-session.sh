#!/bin/sh
# The window manager; it calls "ready" as soon as its panel is drawn.
export DISPLAY=:0 LANG=C.UTF-8
xrdb -nocpp /usr/local/lib/desktop/Xresources
exec jwm

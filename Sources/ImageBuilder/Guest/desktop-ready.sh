#!/bin/sh
# Called by the window manager once it runs: lets the rest of the system start, opens the first window.
NOTIFY_SOCKET=/run/systemd/notify systemd-notify --ready
exec xterm -e /usr/local/lib/desktop/welcome

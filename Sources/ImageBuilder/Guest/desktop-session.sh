#!/bin/sh
# Runs inside the X server as root; the desktop itself belongs to the user.
xsetroot -solid '#1e6f9f' -cursor_name left_ptr
cd /home/user || exit 1
exec setpriv --reuid user --regid user --init-groups --reset-env /usr/local/lib/desktop/user-session

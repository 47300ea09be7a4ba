#!/bin/sh
# A session's host waits only a few seconds, and an orderly stop of every unit takes longer under emulation: the user's
# programs are told to end, the disk is made whole and read-only (sysrq u), and off.
setpriv --reuid user --clear-groups busybox kill -HUP -1
busybox sleep 0.3
busybox sync
echo u > /proc/sysrq-trigger
exec busybox poweroff -f

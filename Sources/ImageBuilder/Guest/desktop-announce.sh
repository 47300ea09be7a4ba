#!/bin/sh
read -r uptime rest < /proc/uptime
echo "DESKTOP-READY $uptime" > /dev/ttyS0

#!/bin/sh
# Loads the drivers of the screen and of USB (its tablet is the mouse), tells udev of what came up, waits for the screen.
# All other hardware is found by the ordinary cold plug in the second phase of the boot.
set -- evdev usbhid hid-generic
for device in /sys/bus/pci/devices/*; do
    read -r class < "$device/class"
    case $class in
    0x03* | 0x0c03*)
        # virtio's driver of the bus is there already; that of the screen is found by the device behind it.
        for file in "$device"/modalias "$device"/virtio*/modalias; do
            [ -e "$file" ] || continue
            read -r alias < "$file"
            set -- "$alias" "$@"
        done
        ;;
    esac
done
modprobe -qab "$@"
udevadm trigger --action=add --subsystem-match=drm --subsystem-match=input --subsystem-match=graphics
n=0
while [ ! -e /dev/dri/card0 ] && [ $n -lt 100 ]; do
    n=$((n + 1))
    sleep 0.05
done

#!/bin/sh
# Runs as root, once, when the system is up.
script=/run/qwd/boot-script
if [ ! -e $script ]; then
    mkdir -p -m 700 /run/qwd
    cat /sys/firmware/qemu_fw_cfg/by_name/opt/qwd/boot-script/raw > $script
fi
chmod 700 $script
exec $script

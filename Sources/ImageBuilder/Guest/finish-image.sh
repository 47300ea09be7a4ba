#!/bin/sh
# Runs once inside the new system while the image is made, then removes itself.
set -e
rm -f "$0"

useradd --create-home --shell /bin/bash --groups sudo user
echo user:user | chpasswd
passwd --quiet --lock root
chmod 440 /etc/sudoers.d/user

systemctl --quiet set-default desktop.target
systemctl --quiet enable power-button.service boot-script.service
# What makes no sense in a machine that is thrown away after some hours, and costs seconds at each boot.
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer fstrim.timer dpkg-db-backup.timer e2scrub_all.timer \
    systemd-timesyncd.service systemd-logind.service systemd-pstore.service getty@tty1.service \
    systemd-repart.service systemd-firstboot.service systemd-sysusers.service systemd-random-seed.service \
    systemd-journal-flush.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-remount-fs.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    systemd-ask-password-console.path systemd-ask-password-wall.path systemd-initctl.socket \
    systemd-journald-audit.socket sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount

# Each generator is a process that runs before anything else does; this system needs one of them.
mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
    case $generator in
    */systemd-fstab-generator) ;;
    *) ln -s /dev/null "/etc/systemd/system-generators/${generator##*/}" ;;
    esac
done
# Rules for hardware that no virtual machine has.
for rule in 55-dm 60-fido-id 60-infiniband 60-persistent-alsa 60-persistent-storage-dm 60-persistent-storage-tape \
    60-persistent-v4l 60-sensor 64-btrfs 65-libwacom 70-camera 70-joystick 75-probe_mtd 78-sound-card 95-dm-notify; do
    [ ! -e /usr/lib/udev/rules.d/$rule.rules ] || ln -s /dev/null /etc/udev/rules.d/$rule.rules
done

# The options that sped up and slimmed the installation are not for what a person installs.
rm -f /etc/dpkg/dpkg.cfg.d/99mmdebstrap /etc/apt/apt.conf.d/99mmdebstrap
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/journal /kernel
find /var/log -type f -delete
# Every session gets an identity of its own.
: > /etc/machine-id

# Font caches are valid only for the exact time of a directory, and the file system keeps whole seconds.
find /usr/share/fonts /usr/local/share/fonts -type d -exec touch --date=@1700000000 {} +
fc-cache --system-only --force

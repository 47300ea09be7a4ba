#!/bin/sh
# Called by udhcpc with the lease in the environment.
case $1 in
deconfig)
    ip link set "$interface" up
    ip -4 address flush dev "$interface"
    ;;
bound | renew)
    ip -4 address replace "$ip/$mask" dev "$interface"
    for gateway in $router; do
        ip route replace default via "$gateway" dev "$interface"
        break
    done
    {
        [ -n "$domain" ] && echo "search $domain"
        for server in $dns; do echo "nameserver $server"; done
    } > /etc/resolv.conf
    ;;
esac
exit 0

#!/bin/sh
# A lab computer is a Linux with the name that its own disk says; other questions go to the real uname.
case "$*" in
-n) cat -- "${0%/*}/../disk/etc/hostname" ;;
-r) cat -- "${0%/*}/../disk/proc/sys/kernel/osrelease" ;;
*) PATH=/usr/bin:/bin exec uname "$@" ;;
esac

#!/bin/sh
# On a lab computer every account is root; any other question goes to the real id.
case "$*" in
-u) echo 0 ;;
-un) echo root ;;
*) PATH=/usr/bin:/bin exec id "$@" ;;
esac

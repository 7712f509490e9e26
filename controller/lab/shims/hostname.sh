#!/bin/sh
# A lab computer calls itself what its own disk says.
cat -- "${0%/*}/../disk/etc/hostname"

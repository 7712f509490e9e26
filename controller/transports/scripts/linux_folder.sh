# shellcheck shell=sh disable=SC2034  # the scripts that follow take the names
# What put, start, poll and void share: our folder on the host, and how we answer.
#
#   FOLDER/tools/SHA256/NAME   what was placed
#   FOLDER/runs/RUN_ID/        what was started: pid, tool, log-path, log-before, log-new, stdout, over, exit
#   FOLDER/lock                whose program runs now
#
# linux_walk.sh comes before this, and a line that sets `sysroot`: where the computer's disk is mounted, or nothing.
# The answer is one line `#lamsach WORD [NUMBER]`; a refusal is a sentence on stderr and one of these exit codes.

set -u
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

UNSAFE=61
DISK_FULL=62
FAILED=63
BUSY=64
BLOCKED=65
readonly UNSAFE DISK_FULL FAILED BUSY BLOCKED

say() {
    printf '#lamsach %s\n' "$*"
}

# refuse CODE SENTENCE
refuse() {
    code=$1
    shift
    printf '%s\n' "$*" >&2
    exit "$code"
}

# on_the_way: our folder is used by its path, so that nobody else may be able to rename a folder above it. Where all can
# write, as in /tmp, the sticky bit keeps them from what is ours.
on_the_way() {
    WHY="'${HERE:-/}' belongs to uid $OWNER, who could exchange our folder; run there: chown root '${HERE:-/}'"
    is_ours || return 1
    case $MODE in d????????[tT]*) return 0 ;; esac
    WHY="'${HERE:-/}' can be written by others, who could exchange our folder; run there: chmod go-w '${HERE:-/}'"
    is_closed
}

# check_folder FOLDER: go on only when it is a real folder of ours that nobody else can write, nor exchange.
check_folder() {
    if [ -L "$1" ] || [ ! -d "$1" ]; then
        refuse "$UNSAFE" "'$1' is not a folder"
    fi
    go_to "$1"
    # shellcheck disable=SC3067  # dash, bash and busybox have it; `id` may be another program than we think
    [ -O "$1" ] || refuse "$UNSAFE" "'$1' belongs to somebody else"
    case $(ls -ld -- "$1") in
    d????-??-*) ;;
    *) refuse "$UNSAFE" "'$1' can be written by others" ;;
    esac
}

# go_to FOLDER: check the way to it, and make what is missing. In a shell of its own: we stay where we are.
go_to() {
    (enter "${sysroot-}" "${1#"${sysroot-}"}" || refuse "$UNSAFE" "$WHY") || exit "$?"
}

# open_folder FOLDER: make it when it is not there, and check it.
open_folder() {
    [ -L "$1" ] || [ -e "$1" ] || go_to "$1"
    check_folder "$1"
    chmod 0700 -- "$1"
}

# sha256_of FILE
sha256_of() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum <"$1" | cut -c1-64
    elif command -v sha256 >/dev/null 2>&1; then
        sha256 -q "$1"
    else
        openssl dgst -sha256 -r <"$1" | cut -c1-64
    fi
}

# is_whole FILE SHA256: it is a plain file with that checksum
is_whole() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256_of "$1")" = "$2" ]
}

# size_of FILE: bytes; 0 when it is not there
size_of() {
    if [ -f "$1" ]; then
        echo $(($(wc -c <"$1")))
    else
        echo 0
    fi
}

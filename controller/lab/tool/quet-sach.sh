#!/bin/sh
# The lab's cleanup tool: finds files that begin with the lab's marker, and removes them when it may.
#
#   quet-sach.sh --detect ROOT...    print what is there
#   quet-sach.sh --clean ROOT...     remove it with the autostart entries that name it, and end the programs that run
#                                    from it
#
# It stands on a lab computer's disk as <disk>/var/lib/lamsach/tools/<sha256>/quet-sach.sh; roots and what it
# prints are paths as that computer sees them. Exit status: 0 nothing is left, 1 something is, 2 it failed.
# Each run is noted in <folder of the computer>/tool-runs.txt as "RUN_ID MODE". It obeys four files there:
# tool-seconds (how long to take), tool-fails (give up midway), tool-leaves-starts (leave autostart entries behind), and
# tool-hands-over (let a child do the work, and end).
set -u

# In two parts, so that the tool does not find itself.
marker="lamsach-lab-""marker"

tell() {
    printf '%s\n' "$*"
}

give_up() {
    tell "ERROR $*"
    exit 2
}

take_time() {
    seconds=0
    [ -f "$folder/tool-seconds" ] && read -r seconds <"$folder/tool-seconds"
    while [ "$seconds" -gt 0 ]; do
        tell "SCANNING $seconds"
        sleep 1
        seconds=$((seconds - 1))
    done
}

# A root may be given as the computer sees it, or with the place of its disk before it.
on_disk() {
    case "$1" in
    "$disk" | "$disk"/*) tell "$1" ;;
    *) tell "$disk/${1#/}" ;;
    esac
}

# With a program its connections end.
close_sockets_of() {
    for held in "$1"/fd/*; do
        inode=$(readlink -- "$held") || continue
        inode=${inode#"socket:["}
        awk -v inode="${inode%"]"}" '$10 != inode' "$table" >"$table.new" && mv -f -- "$table.new" "$table"
    done
}

end_programs_of() {
    for image in "$disk"/proc/[0-9]*/exe; do
        # shellcheck disable=SC3013  # not in POSIX, but dash, busybox and bash have it
        if [ "$image" -ef "$1" ]; then
            close_sockets_of "${image%/exe}"
            rm -rf -- "${image%/exe}"
        fi
    done
}

# names OBJECT FILE: whether a line of it names the object as one whole word
names() {
    object=$1 awk '
        function bare(text) { gsub(/[="]/, " ", text); return " " text " " }
        index(bare($0), bare(ENVIRON["object"])) { found = 1 }
        END { exit !found }
    ' "$2"
}

# remove_starts_of OBJECT: the units, tables of cron and desktop entries that name it, and the links to these units
remove_starts_of() {
    units=$disk/etc/systemd/system
    for entry in "$units"/*.service "$disk"/etc/cron.d/* "$disk"/home/*/.config/autostart/*.desktop; do
        [ -f "$entry" ] && names "$1" "$entry" && rm -f -- "$entry"
    done
    find "$units" -type l ! -exec test -e {} \; -exec rm -f -- {} +
}

treat() {
    threat=$(sed -n "1s/^$marker //p" "$1")
    [ -n "$threat" ] || return 0
    object=${1#"$disk"}
    tell "FOUND $threat $object"
    found=$((found + 1))
    [ "$mode" = clean ] || return 0
    end_programs_of "$1"
    rm -f -- "$1" || give_up "cannot remove $object"
    [ -e "$folder/tool-leaves-starts" ] || remove_starts_of "$object"
    tell "REMOVED $threat $object"
    removed=$((removed + 1))
}

case "${1-}" in
--detect | --clean) mode=${1#--} ;;
*) give_up "usage: quet-sach.sh --detect|--clean ROOT..." ;;
esac
shift

case "$0" in
/*/var/lib/lamsach/*) disk=${0%/var/lib/lamsach/*} ;;
*) give_up "not on a lab computer's disk: $0" ;;
esac
folder=${disk%/*}
table=$disk/proc/net/tcp

if [ -z "${QUET_SACH_CHILD-}" ]; then
    tell "${LAMSACH_RUN_ID:--} $mode" >>"$folder/tool-runs.txt"
    if [ -e "$folder/tool-hands-over" ]; then
        QUET_SACH_CHILD=1 setsid sh "$0" "--$mode" "$@" &
        exit 0
    fi
fi
tell "quet-sach 1.0 $mode"
take_time
[ -e "$folder/tool-fails" ] && give_up "the disk cannot be read"

found=0
removed=0
list=$(
    for root in "$@"; do
        place=$(on_disk "$root")
        [ -e "$place" ] || continue
        find "$place" -path "$disk/proc" -prune -o -type f -exec grep -lF -e "$marker" {} +
    done | sort -u
)
while IFS= read -r file; do
    [ -z "$file" ] || treat "$file"
done <<EOF
$list
EOF

tell "DONE found=$found removed=$removed"
[ "$found" -eq "$removed" ]

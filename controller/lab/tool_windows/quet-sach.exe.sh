#!/bin/sh
# The lab's cleanup tool for Windows PCs: finds files that begin with the lab's marker, and removes them when it may.
#
#   quet-sach.exe --detect ROOT...    print what is there
#   quet-sach.exe --clean ROOT...     remove it, and end the programs that run from it
#
# It is a script because a lab's Windows PC is played on a Linux machine, where a file of drive C: that begins with
# `#!` is a program. It stands as <folder of the PC>/C/ProgramData/lamsach/tools/<sha256>/quet-sach.exe; roots and
# what it prints are paths as that PC sees them. Exit status: 0 nothing is left, 1 something is, 2 it failed.
# Each run is noted in <folder of the PC>/tool-runs.txt as "RUN_ID MODE". It obeys three files there:
# tool-seconds (how long to take), tool-fails (give up midway), and tool-hands-over (let a child do the work, and end).
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

# on_disk 'C:\Users': where that lies here
on_disk() {
    printf '%s%s\n' "$disk" "$(tell "${1#[Cc]:}" | tr '\134' /)"
}

# as_seen FILE: its path on that PC
as_seen() {
    tell "C:${1#"$disk"}" | tr / '\134'
}

# end_programs_of PATH: take them out of state/processes.json, where each object stands indented by two blanks.
end_programs_of() {
    image=$(tell "$1" | sed 's/\\/\\\\/g')
    line="    \"Path\": \"$image\"," awk '
        /^  \{/ { object = ""; gone = 0 }
        /^  / { object = object "\n" $0 }
        $0 == ENVIRON["line"] { gone = 1 }
        /^  \}/ && !gone { sub(/,$/, "", object); printf "%s%s", (seen++ ? "," : "["), object }
        END { print (seen ? "\n]" : "[]") }
    ' "$processes" >"$processes.new" && mv -f -- "$processes.new" "$processes"
}

treat() {
    threat=$(sed -n "1s/^$marker //p" "$1")
    [ -n "$threat" ] || return 0
    object=$(as_seen "$1")
    tell "FOUND $threat $object"
    found=$((found + 1))
    [ "$mode" = clean ] || return 0
    end_programs_of "$object"
    rm -f -- "$1" || give_up "cannot remove $object"
    tell "REMOVED $threat $object"
    removed=$((removed + 1))
}

case "${1-}" in
--detect | --clean) mode=${1#--} ;;
*) give_up "usage: quet-sach.exe --detect|--clean ROOT..." ;;
esac
shift

case "$0" in
/*/C/ProgramData/lamsach/*) folder=${0%/C/ProgramData/lamsach/*} ;;
*) give_up "not on drive C: of a lab PC: $0" ;;
esac
disk=$folder/C
processes=$folder/state/processes.json

if [ -z "${QUET_SACH_CHILD-}" ]; then
    tell "${LAMSACH_RUN_ID:--} $mode" >>"$folder/tool-runs.txt"
    if [ -e "$folder/tool-hands-over" ]; then
        QUET_SACH_CHILD=1 sh "$0" "--$mode" "$@" &
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
        find "$place" -type f -exec grep -lF -e "$marker" {} +
    done | sort -u
)
while IFS= read -r file; do
    [ -z "$file" ] || treat "$file"
done <<EOF
$list
EOF

tell "DONE found=$found removed=$removed"
[ "$found" -eq "$removed" ]

#!/bin/sh
# The lab's cleanup tool for Windows PCs: finds files that begin with the lab's marker, and removes them when it may.
#
#   quet-sach.exe --detect ROOT...    print what is there
#   quet-sach.exe --clean ROOT...     remove it with the autostart entries that name it, and end the programs that run
#                                     from it
#
# It is a script because a lab's Windows PC is played on a Linux machine, where a file of drive C: that begins with
# `#!` is a program. It stands as <folder of the PC>/C/ProgramData/lamsach/tools/<sha256>/quet-sach.exe; roots and
# what it prints are paths as that PC sees them. Exit status: 0 nothing is left, 1 something is, 2 it failed.
# Each run is noted in <folder of the PC>/tool-runs.txt as "RUN_ID MODE". It obeys four files there:
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

# on_disk 'C:\Users': where that lies here
on_disk() {
    printf '%s%s\n' "$disk" "$(tell "${1#[Cc]:}" | tr '\134' /)"
}

# as_seen FILE: its path on that PC
as_seen() {
    tell "C:${1#"$disk"}" | tr / '\134'
}

# For awk: whether $named is one whole word of a text.
words='
    function bare(text) { gsub(/\\?"|[=<>\r]/, " ", text); return " " text " " }
    function names(text) { return index(bare(text), bare(ENVIRON["named"])) }
'

# in_quotes PATH: as it stands in JSON and in a .reg file
in_quotes() {
    tell "$1" | sed 's/\\/\\\\/g'
}

# filter FILE NAMED PROGRAM [KEY]: put it through awk
filter() {
    named=$2 awk -v key="${4-}" "$words$3" "$1" >"$1.new" && mv -f -- "$1.new" "$1"
}

# drop_objects FILE KEY PATH: take out of an array in state/ each object that has the path in this key; objects stand
# indented by two blanks.
drop_objects() {
    # shellcheck disable=SC2016  # it is awk that reads it
    filter "$1" "$(in_quotes "$3")" '
        /^  \{/ { object = ""; gone = 0 }
        /^  / { object = object "\n" $0 }
        index($0, "    \"" key "\": ") == 1 && names($0) { gone = 1 }
        /^  \}/ && !gone { sub(/,$/, "", object); printf "%s%s", (seen++ ? "," : "["), object }
        END { print (seen ? "\n]" : "[]") }
    ' "$2"
}

# remove_task FILE: the file of a scheduled task, and its key
remove_task() {
    rm -f -- "$1"
    for hive in "$folder"/registry/*.reg; do
        # shellcheck disable=SC2016  # it is awk that reads it
        filter "$hive" "$(tell "${1#"$tasks/"}" | tr / '\134')" '
            /^\[/ { gone = index($0, "\\TaskCache\\Tree\\" ENVIRON["named"] "]") }
            !gone
        '
    done
}

# remove_starts_of PATH: the services, drivers, values of Run keys and scheduled tasks that name it. What lies in a
# startup folder is the program itself.
remove_starts_of() {
    drop_objects "$folder/state/services.json" PathName "$1"
    drop_objects "$folder/state/cim/root.cimv2/Win32_SystemDriver.json" PathName "$1"
    for hive in "$folder"/registry/*.reg; do
        # shellcheck disable=SC2016  # it is awk that reads it
        filter "$hive" "$(in_quotes "$1")" '/^\[/ { runs = /\\Run\]/ } !(runs && names($0))'
    done
    tasks=$disk/Windows/System32/Tasks
    find "$tasks" -type f | while IFS= read -r task; do
        iconv -f UTF-16 -t UTF-8 "$task" | named=$1 awk "$words"'names($0) { found = 1 } END { exit !found }' &&
            remove_task "$task"
    done
}

treat() {
    threat=$(sed -n "1s/^$marker //p" "$1")
    [ -n "$threat" ] || return 0
    object=$(as_seen "$1")
    tell "FOUND $threat $object"
    found=$((found + 1))
    [ "$mode" = clean ] || return 0
    drop_objects "$folder/state/processes.json" Path "$object"
    rm -f -- "$1" || give_up "cannot remove $object"
    [ -e "$folder/tool-leaves-starts" ] || remove_starts_of "$object"
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

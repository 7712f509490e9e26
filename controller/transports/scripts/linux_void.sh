# shellcheck shell=sh disable=SC2034  # report takes them
# FOLDER LIMIT RUN_ID: see that a run which has not begun never begins, and say `absent`; else say how it stands.
# linux_folder.sh, linux_state.sh and linux_report.sh stand before this.
#
# Whoever makes the run's folder starts the program. We make it and start nothing, so a start that is still on its way
# finds it and only reports. The mark `void` tells our folder from that of a run that was torn off.

limit=$2
run=$3
dir=$1/runs/$3
lock=$1/lock

open_folder "$1"
mkdir -p -- "$1/runs"
if mkdir -- "$dir" 2>/dev/null; then
    write "$dir/void" "$run" || refuse "$DISK_FULL" "'$dir' cannot be written"
fi
[ -d "$dir" ] || refuse "$DISK_FULL" "'$dir' cannot be made"
if [ -f "$dir/void" ]; then
    say absent
else
    report
fi

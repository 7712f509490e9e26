# shellcheck shell=sh disable=SC2034  # report takes them
# FOLDER LIMIT RUN_ID: say how a run stands, and what its log says when it is over.
# linux_folder.sh, linux_state.sh, linux_log.sh and linux_report.sh come before this.

limit=$2
run=$3
dir=$1/runs/$3
lock=$1/lock

if [ -e "$1" ] || [ -L "$1" ]; then
    check_folder "$1"
fi
report

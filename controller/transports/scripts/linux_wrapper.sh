# shellcheck shell=sh
# FOLDER RUN_ID SECONDS PROGRAM ARGUMENTS...: run PROGRAM apart from any session and leave how it ended.
# linux_state.sh and linux_limit.sh stand before this.

umask 077
trap '' HUP
dir=$1/runs/$2
lock=$1/lock
seconds=$3
owner="$2 $(signature $$)"
shift 3

# First who we are, then the program: a run that nobody can find must not begin.
write "$dir/pid" "$owner" && write "$lock" "$owner" || exit
limited "$seconds" "$@" </dev/null >"$dir/stdout" 2>&1
write "$dir/exit" "$?"
[ "$(cat "$lock")" = "$owner" ] && rm -f -- "$lock"

# shellcheck shell=sh disable=SC2154  # linux_folder.sh, linux_state.sh and linux_log.sh come before this
# FOLDER LIMIT RUN_ID MODE SECONDS PROGRAM ARGUMENTS...: run PROGRAM apart from any session and leave how it ended.
#
# Theory of operation. The program writes into a pipe, of which we keep the first bytes and forget the rest: a program
# that prints without end fills no disk. It has the run's folder in its environment, a session of its own, and the
# pipe as a third open file beside its output. All that it starts inherits the three, so the run is over when no process
# holds the pipe or has the folder or the session; a child that gave up all three at once is not seen. After SECONDS
# all of them are ended, first politely, then until none is left. Only then the log is copied and `exit` is written:
# the code of the program itself, or 124 when it, or what it started, was ended by us (`over` names them).

umask 077
trap '' HUP
limit=$2
run=$3
mode=$4
dir=$1/runs/$3
lock=$1/lock
until=$(($(uptime_seconds) + $5))
shift 5
owner="$run $(signature $$)"
OUTPUT=16777216 # bytes; more than anybody reads of a log, so that a cut one is seen to be cut

# program ARGUMENTS...: run it; its exit code goes to `code`
program() {
    apart=
    command -v setsid >/dev/null 2>&1 && apart=setsid
    LAMSACH_RUN_ID=$run LAMSACH_RUN_FOLDER=$dir LAMSACH_MODE=$mode $apart "$@" </dev/null 9>&1 2>&1 &
    write "$dir/tool" "$(signature $!)"
    wait "$!"
    write "$dir/code" "$?"
}

# bounded: keep the beginning of what comes, and read on, so that the writer goes on
bounded() {
    head -c "$OUTPUT" >"$dir/stdout" || : >"$dir/cut"
    cat >/dev/null
}

# holders: the processes of other sessions than ours that hold the program's pipe
holders() {
    pipe=$(readlink "/proc/$reader/fd/0") || return 0
    # shellcheck disable=SC2046  # words are meant
    ours=" $(in_session $(signature $$) | tr '\n' ' ')"
    # shellcheck disable=SC2012  # no name of a file is read
    ls -ln /proc/[0-9]*/fd 2>/dev/null | while read -r line; do
        case $line in
        /proc/*/fd:) pid=${line#/proc/} && pid=${pid%/fd:} ;;
        *" $pipe") case $ours in *" $pid "*) ;; *) echo "$pid" ;; esac ;;
        esac
    done
}

# end_all: end what lives of the run; `over` notes who it was
end_all() {
    doomed=$({ members "$dir"; holders; } | sort -un)
    if [ ! -f "$dir/over" ]; then
        signal=TERM
        rounds=0
    elif [ "$(uptime_seconds)" -lt "$((until + 5))" ]; then
        return
    else
        signal=KILL
    fi
    # shellcheck disable=SC2086  # words are meant
    names=$({ cat "$dir/over" 2>/dev/null; named $doomed; } | sort -u | head -n 20)
    write "$dir/over" "${names:-? unknown}"
    # shellcheck disable=SC2086  # words are meant
    [ -z "$doomed" ] || kill -s "$signal" $doomed 2>/dev/null
}

# pause: a short one at first
pause() {
    rounds=$((rounds + 1))
    if [ "$rounds" -gt 40 ]; then
        sleep 2
    elif [ "$rounds" -gt 20 ]; then
        sleep 0.5 2>/dev/null || sleep 1
    else
        sleep 0.1 2>/dev/null || sleep 1
    fi
}

# First who we are, then the program: a run that nobody can find must not begin.
write "$dir/pid" "$owner" && write "$lock" "$owner" || exit
log=$(cat "$dir/log-path")
rounds=0
program "$@" | bounded &
reader=$!
while lives "$reader" || [ -n "$(members "$dir")" ]; do
    watch_log "$log"
    [ "$(uptime_seconds)" -lt "$until" ] || end_all
    pause
done
case $log in
"$dir/stdout") ;;
*) new_log | head -c "$((limit + 1))" >"$dir/log-new.part" && mv -f -- "$dir/log-new.part" "$dir/log-new" ;;
esac
# The lock first: whoever hears that this run is over may start the next one.
[ "$(cat "$lock")" = "$owner" ] && rm -f -- "$lock"
if [ -f "$dir/over" ]; then
    write "$dir/exit" 124
elif [ -f "$dir/code" ]; then
    mv -f -- "$dir/code" "$dir/exit"
fi

# shellcheck shell=sh disable=SC2154  # linux_folder, linux_state and linux_log come before this; the caller's variables
# How a run stands. The caller has set `dir` (of the run), `lock`, `run` and `limit` (bytes of log).
#
# The first line may be followed by `#left PID NAME` for each process that the host had to end when the run's time was
# over, and `#cut` when there is more log than `limit`. When the run is over, `#log` and the bytes of its log follow.

# belongs FILE: the process that FILE names (`RUN_ID PID START BOOT`) lives
belongs() {
    [ -f "$1" ] || return 1
    read -r owner pid start boot <"$1"
    [ "$owner" = "$run" ] && alive "$pid" "$start" "$boot"
}

runs_still() {
    belongs "$dir/pid" || belongs "$lock" || [ -n "$(members "$dir")" ]
}

report() {
    if [ ! -f "$dir/exit" ] && runs_still; then
        say running
        left
    elif [ -f "$dir/exit" ]; then
        say finished "$(cat "$dir/exit")"
        outcome
    elif [ -d "$dir" ]; then
        say torn
        outcome
    else
        say absent
    fi
}

left() {
    [ ! -f "$dir/over" ] || sed -n 's/^/#left /p' "$dir/over"
}

outcome() {
    left
    if [ -f "$dir/cut" ] || [ "$(new_log | head -c "$((limit + 1))" | wc -c)" -gt "$limit" ]; then
        echo '#cut'
    fi
    echo '#log'
    new_log | head -c "$limit"
}

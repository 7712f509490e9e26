# shellcheck shell=sh disable=SC2154  # linux_folder.sh and linux_state.sh stand before this, and the caller's variables
# How a run stands. The caller has set `dir` (of the run), `lock`, `run` and `limit` (bytes of log).

# belongs FILE: the process that FILE names (`[RUN_ID] PID START BOOT`) lives
belongs() {
    [ -f "$1" ] || return 1
    read -r owner pid start boot <"$1"
    [ "$owner" = "$run" ] && alive "$pid" "$start" "$boot"
}

report() {
    if [ ! -f "$dir/exit" ] && { belongs "$dir/pid" || belongs "$lock"; }; then
        say running
    elif [ -f "$dir/exit" ]; then
        say finished "$(cat "$dir/exit")"
        new_log
    elif [ -d "$dir" ]; then
        say torn
        new_log
    else
        say absent
    fi
}

# inode_and_size FILE
inode_and_size() {
    [ -f "$1" ] || { echo "0 0" && return; }
    # shellcheck disable=SC2012  # only the number before the name is used
    ls -di -- "$1" | { read -r inode _ && echo "$inode $(size_of "$1")"; }
}

# new_log: what the run itself wrote; all of the file when it is another one now, or became shorter
new_log() {
    [ -f "$dir/log-path" ] || return 0
    log=$(cat "$dir/log-path")
    [ -f "$log" ] || return 0
    read -r inode_before before <"$dir/log-before"
    inode_and_size "$log" | {
        read -r inode now
        if [ "$inode" != "$inode_before" ] || [ "$now" -lt "$before" ]; then
            before=0
        fi
        tail -c "+$((before + 1))" -- "$log" | head -c "$limit"
    }
}

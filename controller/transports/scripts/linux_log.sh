# shellcheck shell=sh disable=SC2154  # linux_folder.sh comes before this; the caller has set `dir` (of the run)
# Which part of a tool's log this run wrote. The content decides, never the length or the name of the file.
#
# Before the start `log-before` keeps the log's inode, size and SHA-256. After the end:
#   the log still begins with those bytes, and goes on behind them: only what goes on is new;
#   it begins otherwise, became smaller meanwhile (`anew`), or is another file: the run wrote all of it. Beside it may
#   lie what the run wrote before it renamed the log, so files of its name that were written since are read first;
#   it is the same, byte for byte: nothing is new, unless it was written since. Then the run wrote those bytes again.
# A run that wrote the old bytes again and more behind them looks like one that only added to its log, when no
# look caught the log smaller. So the wrapper looks often, and another inode counts as another file.

# note_log LOG: what new_log needs to know later
note_log() {
    facts="0 0 $(sha256_of /dev/null)"
    [ ! -f "$1" ] || facts="$(inode_of "$1") $(size_of "$1") $(sha256_of "$1")"
    write "$dir/log-path" "$1" && write "$dir/log-before" "$facts"
}

# watch_log LOG: note when the log is smaller than before, or than it was when we last looked
watch_log() {
    [ -n "${largest-}" ] || read -r _ largest _ <"$dir/log-before"
    now=$(size_of "$1")
    [ "$now" -ge "$largest" ] || : >"$dir/anew"
    largest=$now
}

# inode_of FILE
inode_of() {
    # shellcheck disable=SC2012  # only the number before the name is used
    ls -di -- "$1" | { read -r inode _ && echo "$inode"; }
}

# begins FILE: it begins with the bytes that the log had before
begins() {
    [ "$(size_of "$1")" -ge "$before" ] && [ "$(head -c "$before" -- "$1" | sha256_of /dev/stdin)" = "$sha256_before" ]
}

# written_since FILE: since the start
written_since() {
    [ -n "$(find "$1" -prune -type f -newer "$dir/log-before" 2>/dev/null)" ]
}

# behind FILE: what follows the bytes that the log had before, with the byte order mark that says how to read it
behind() {
    if [ "$before" -gt 0 ]; then
        case $(head -c 3 -- "$1" | od -An -tx1 | tr -d ' \n') in
        fffe* | feff*) head -c 2 -- "$1" ;;
        efbbbf) head -c 3 -- "$1" ;;
        esac
    fi
    tail -c "+$((before + 1))" -- "$1"
}

# renamed: what the run wrote into files that carry the log's name with another end
renamed() {
    name=${log##*/}
    case $name in
    ?*.*) name=${name%.*} ;;
    esac
    for each in "${log%/*}/$name"[._0-9-]*; do
        if [ "$each" != "$log" ] && written_since "$each"; then
            if begins "$each"; then behind "$each"; else cat -- "$each"; fi
        fi
    done
}

new_log() {
    if [ -f "$dir/log-new" ]; then
        cat -- "$dir/log-new"
        return
    fi
    [ -f "$dir/log-path" ] || return 0
    log=$(cat "$dir/log-path")
    read -r inode_before before sha256_before <"$dir/log-before"
    if [ ! -f "$log" ]; then
        renamed
    elif ! begins "$log" || [ -f "$dir/anew" ]; then
        renamed
        cat -- "$log"
    elif [ "$inode_before" != 0 ] && [ "$(inode_of "$log")" != "$inode_before" ]; then
        cat -- "$log"
    elif [ "$(size_of "$log")" -gt "$before" ] || ! written_since "$log"; then
        behind "$log"
    else
        cat -- "$log"
    fi
}

# shellcheck shell=sh
# A time limit that the host itself keeps.

# limited SECONDS COMMAND...: run COMMAND, which inherits stdin; after SECONDS it and what it started are ended.
# The exit code is the command's, or 124, 137 or 143 when it was ended.
limited() {
    limit=$1
    shift
    if timeout -k 5 5 true 2>/dev/null; then
        timeout -k 5 "$limit" "$@"
        return
    fi
    # No timeout here, or an old one: a session of its own, so that all of it can be ended by one signal.
    apart=
    command -v setsid >/dev/null 2>&1 && apart=setsid
    exec 3<&0
    $apart "$@" <&3 3<&- &
    child=$!
    exec 3<&-
    # shellcheck disable=SC2016  # the inner shell expands them
    sh -c '
        sleep "$2" &
        trap "kill $!; exit" TERM
        wait "$!"
        kill -s TERM -- "$1"
        sleep 5
        kill -s KILL -- "$1"' sh "${apart:+-}$child" "$limit" </dev/null >/dev/null 2>&1 &
    guard=$!
    wait "$child"
    set -- "$?"
    kill -s TERM "$guard" 2>/dev/null
    return "$1"
}

# shellcheck shell=sh
# Which processes live. A process is known by its id, its start time and the boot it belongs to; what a run started is
# known by the run's folder in its environment and by its session.

boot_id() {
    cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown
}

# uptime_seconds: since the start of the computer; no clock that somebody sets can change it
uptime_seconds() {
    read -r up _ </proc/uptime
    echo "${up%%.*}"
}

# stat_of PID: what /proc/PID/stat says from its third field on; nothing when it is gone
stat_of() {
    # A name may hold anything, even `) `; the numbers that follow it do not.
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null && echo "${stat##*) }"
}

# lives PID: it is there, and no zombie
lives() {
    case $(stat_of "$1") in
    '' | Z* | X*) return 1 ;;
    esac
}

# nth N WORDS...
nth() {
    [ $# -gt "$1" ] || return 0
    shift "$1"
    echo "$1"
}

# started PID: its start time (the 22nd field)
started() {
    # shellcheck disable=SC2046  # words are meant
    nth 20 $(stat_of "$1")
}

# signature PID: what `alive` takes; its start time is 0 when it has ended already
signature() {
    start=$(started "$1")
    echo "$1 ${start:-0} $(boot_id)"
}

# in_session PID START BOOT: the processes of the session that this very process leads or led
in_session() {
    [ -n "${1-}" ] && [ "${3-}" = "$(boot_id)" ] || return 0
    now=$(started "$1")
    [ -z "$now" ] || [ "$now" = "$2" ] || return 0
    leader=$1
    cat /proc/[0-9]*/stat 2>/dev/null | while read -r stat; do
        case $stat in
        *") Z"* | *") X"*) continue ;;
        *") "*) ;;
        *) continue ;;
        esac
        # shellcheck disable=SC2086  # words are meant
        set -- ${stat##*) }
        [ "$4" != "$leader" ] || echo "${stat%% *}"
    done
}

# alive PID START BOOT: that very process lives, or, when it is gone, another one of the session it led
alive() {
    if lives "$1" && [ "$(started "$1") $(boot_id)" = "$2 $3" ]; then
        return 0
    fi
    [ -n "$(in_session "$1" "$2" "$3")" ]
}

# marked: the processes that have the folder of a run in their environment, as lines `PID FOLDER`. A program keeps its
# environment when it forks, makes a session of its own, or loses its parent. Root may read that of every process.
marked() {
    set -- /proc/[0-9]*/environ
    # An old busybox does not look behind the first NUL: then every process is asked by itself.
    # shellcheck disable=SC2046  # words are meant
    if printf 'x\0LAMSACH_RUN_FOLDER=' | grep -qF LAMSACH_RUN_FOLDER= 2>/dev/null; then
        set -- $(grep -lF LAMSACH_RUN_FOLDER= "$@" 2>/dev/null)
    fi
    for each; do
        place=$({ tr '\0' '\n' <"$each" | sed -n 's/^LAMSACH_RUN_FOLDER=//p'; } 2>/dev/null)
        each=${each#/proc/}
        [ -z "$place" ] || echo "${each%/environ} $place"
    done
}

# members DIR: the processes of the program that the run in DIR started, and of all that it started in turn
members() {
    {
        marked | while read -r pid place; do [ "$place" != "$1" ] || echo "$pid"; done
        # shellcheck disable=SC2046  # words are meant
        [ ! -f "$1/tool" ] || in_session $(cat "$1/tool")
    } | sort -un
}

# named PID...: each as a line `PID NAME`
named() {
    for each; do
        { read -r name <"/proc/$each/comm"; } 2>/dev/null || name='?'
        printf '%s %s\n' "$each" "$name"
    done
}

# write FILE TEXT: all of it or nothing
write() {
    printf '%s\n' "$2" >"$1.$$" && mv -f -- "$1.$$" "$1"
}

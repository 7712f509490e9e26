# shellcheck shell=sh
# Who runs, and since when: a process is known by its id, its start time and the boot it belongs to.

boot_id() {
    cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown
}

# stat_of PID: what /proc/PID/stat says from its third field on; nothing when it is gone or a zombie
stat_of() {
    # A name may hold anything, even `) `; the numbers that follow it do not.
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
    case ${stat##*) } in
    Z* | X*) ;;
    *) echo "${stat##*) }" ;;
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

# signature PID: what `alive` takes
signature() {
    echo "$1 $(started "$1") $(boot_id)"
}

# alive PID START BOOT: that very process lives, or, when it is gone, another one of the session it led
alive() {
    [ -n "$1" ] && [ "$3" = "$(boot_id)" ] || return 1
    now=$(started "$1")
    [ -z "$now" ] || [ "$now" = "$2" ] || return 1
    [ -z "$now" ] || return 0
    for each in /proc/[0-9]*; do
        # shellcheck disable=SC2046  # words are meant
        [ "$(nth 4 $(stat_of "${each#/proc/}"))" = "$1" ] && return 0
    done
    return 1
}

# write FILE TEXT: all of it or nothing
write() {
    printf '%s\n' "$2" >"$1.$$" && mv -f -- "$1.$$" "$1"
}

# shellcheck shell=sh disable=SC2034,SC2154  # linux_folder, linux_state, linux_log and linux_report come before this
# FOLDER LIMIT RUN_ID SHA256 NAME LOG SECONDS MODE WRAPPER ARGUMENTS...: start a placed program, once for each run id.
#
# Who makes the run's folder starts the program; everybody else only reports. One lock holds for all our programs, as
# long as a process of one of them lives.

folder=$1
limit=$2
run=$3
sha256=$4
tool=$1/tools/$4/$5
log=$6
seconds=$7
mode=$8
wrapper=$9
shift 9
dir=$folder/runs/$run
lock=$folder/lock

# take_lock: hold it, or refuse; when this very run holds it, report. A link is made whole or not at all, so that
# nobody sees a lock without an owner.
take_lock() {
    mine=$lock.by.$$
    write "$mine" "$run $(signature $$)" || refuse "$DISK_FULL" "'$mine' cannot be written"
    tries=0
    until ln -- "$mine" "$lock" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 5 ] || held; then
            rm -f -- "$mine"
            [ "$owner" != "$run" ] || { report && exit; }
            busy "$owner"
        fi
    done
    rm -f -- "$mine"
}

# busy RUN_ID: refuse, and name the processes for whom we wait
busy() {
    # shellcheck disable=SC2046  # words are meant
    refuse "$BUSY" "'$1' still runs$(named $(members "$folder/runs/$1") | head -n 5 | sed 's/^/, process /' | tr -d '\n')"
}

# refuse_beside_others: a run that lost the lock (somebody removed it) may still have processes
refuse_beside_others() {
    other=$(marked | while read -r _ place; do
        case $place in
        "$dir") ;;
        "$folder/runs/"*) echo "${place##*/}" ;;
        esac
    done | head -n 1)
    [ -n "$other" ] || return 0
    rm -f -- "$lock"
    busy "$other"
}

# held: its owner lives. A stale one is moved away, and put back when it was a new one by then.
held() {
    owner=
    { read -r owner pid start boot <"$lock"; } 2>/dev/null || return 1
    alive "$pid" "$start" "$boot" && return 0
    [ -z "$(members "$folder/runs/$owner")" ] || return 0
    mv -- "$lock" "$lock.old.$$" 2>/dev/null || return 1
    read -r _ pid_now _ <"$lock.old.$$"
    [ "$pid_now" = "$pid" ] || ln -- "$lock.old.$$" "$lock" 2>/dev/null
    rm -f -- "$lock.old.$$"
    return 1
}

launch() {
    cd -- "$dir" || exit "$FAILED"
    apart=
    command -v setsid >/dev/null 2>&1 && apart=setsid
    $apart nice -n 19 \
        sh "$dir/wrapper" "$folder" "$limit" "$run" "$mode" "$seconds" "$tool" "$@" </dev/null >/dev/null 2>&1 &
    write "$lock" "$run $(signature $!)"
}

open_folder "$folder"
if [ -d "$dir" ]; then
    report
    exit
fi
is_whole "$tool" "$sha256" || refuse "$BLOCKED" "'$tool' is gone or was changed"
take_lock
refuse_beside_others
mkdir -p -- "$folder/runs" "$folder/quarantine"
if ! mkdir -- "$dir" 2>/dev/null; then
    rm -f -- "$lock"
    [ -d "$dir" ] || refuse "$DISK_FULL" "'$dir' cannot be made"
    report
    exit
fi
case $log in
/*) ;;
*) log=$dir/$log ;;
esac
if ! { write "$dir/wrapper" "$wrapper" && note_log "$log"; }; then
    rm -rf -- "$dir"
    rm -f -- "$lock"
    refuse "$DISK_FULL" "'$dir' cannot be written"
fi
launch "$@"
report

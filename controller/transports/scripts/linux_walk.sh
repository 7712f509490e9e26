# shellcheck shell=sh disable=SC2034  # the scripts that follow take the names
# Go into a folder of the computer, and let nobody lead us elsewhere on the way.
#
# Whoever can write a folder can exchange what is in it for a link, between any two commands of ours. So we go down one
# part of the path after the other and look at the folder we are in, which cannot be exchanged under us. A link is
# followed only where nobody but root or we could have made it, and never off a mounted disk.
#
# The script that follows defines `on_the_way`. It is called in each folder and returns 1 with a sentence in WHY when
# we must not go on.

# look: MODE and OWNER (a uid) of the folder we are in
look() {
    # shellcheck disable=SC2046  # words are meant
    set -- $(ls -ldn .)
    MODE=$1 OWNER=$3
}

# is_ours: it belongs to root, or to the account we run as
is_ours() {
    # shellcheck disable=SC3067  # dash, bash and busybox have it; `id` may be another program than we think
    [ "$OWNER" = 0 ] || [ -O . ]
}

# is_closed: only its owner can write it, or with him the group that bears his name, as many systems make one for each user
is_closed() {
    case $MODE in
    d????-??-*) return 0 ;;
    d???????w*) return 1 ;;
    esac
    # shellcheck disable=SC2012  # only the owner and the group are used
    ls -ld . | {
        read -r _ _ owner group _
        [ "$owner" = "$group" ]
    }
}

# enter TOP PATH: change into the folder PATH of the disk TOP (empty: the running system). Folders that are missing are
# made. HERE becomes its whole path. Returns 1 with a sentence in WHY when it must not or cannot be entered.
enter() {
    cd -P -- "$1/" 2>/dev/null || { WHY="there is no folder '$1/'" && return 1; }
    TOP=$(pwd -P)
    TOP=${TOP%/} HERE=${TOP%/} REST=$2 LINKS=0
    look
    [ -n "$TOP" ] || on_the_way || return 1
    while [ -n "$REST" ]; do
        STEP=${REST%%/*}
        case $REST in */*) REST=${REST#*/} ;; *) REST='' ;; esac
        case $STEP in
        '' | .) continue ;;
        ..) go_up || return 1 ;;
        *) if [ -L "./$STEP" ]; then follow; else go_down; fi || return 1 ;;
        esac
        look
        on_the_way || return 1
    done
}

go_up() {
    [ "$HERE" != "$TOP" ] || [ -z "$TOP" ] || { WHY="'$HERE/..' leads off the disk of the computer" && return 1; }
    HERE=${HERE%/*}
    WHY="'${HERE:-/}' was exchanged while we looked at it"
    cd -P -- .. && [ "$(pwd -P)" = "${HERE:-/}" ]
}

go_down() {
    [ -d "./$STEP" ] || mkdir -- "./$STEP" 2>/dev/null
    WHY="'$HERE/$STEP' cannot be made, or is no folder"
    [ -d "./$STEP" ] || return 1
    WHY="'$HERE/$STEP' cannot be entered"
    cd -P -- "./$STEP" 2>/dev/null || return 1
    HERE=$HERE/$STEP
    WHY="'$HERE' was exchanged for a link while we looked at it"
    [ "$(pwd -P)" = "$HERE" ]
}

follow() {
    WHY="'$HERE/$STEP' is a link, and others than root can make links there; name the folder itself"
    is_ours && is_closed || return 1
    LINKS=$((LINKS + 1))
    WHY="'$HERE/$STEP' is a link that cannot be read, or one of too many"
    [ "$LINKS" -le 40 ] || return 1
    TARGET=$(readlink "./$STEP" && echo .) || return 1
    TARGET=${TARGET%??}
    case $TARGET in
    /*)
        WHY="'$HERE/$STEP' leads off the disk of the computer"
        [ -z "$TOP" ] || return 1
        HERE=''
        cd /
        ;;
    esac
    REST=$TARGET${REST:+/$REST}
}

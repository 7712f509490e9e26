# shellcheck shell=sh disable=SC2154  # linux_walk.sh comes before this
# SOURCE SHA256 SYSROOT DEST [SELF]: copy a file that was pushed to where it belongs.
#
# SYSROOT is `-` for the running system; SOURCE is our own path, DEST one as the computer sees it. SELF is all of this
# text. The answer is `#lamsach placed`, or `#lamsach same` when that very file was there. A refusal is a sentence on
# stderr and one of the exit codes below.
#
# It is copied aside, checked, and only then renamed. A file that is replaced hands on its owner and its rights;
# a new one can be read and run by everybody and written by us.
#
# Who can write a folder can exchange a name in it between two commands of ours, and root would follow. So root acts only
# in folders that nobody else can write. What lies in a folder of a user is done with the rights of that user, by SELF:
# whatever he exchanges then, he reaches nothing that he could not have reached before. All other folders are refused.

set -u
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 022

DISK_FULL=62
FAILED=63

sha256=$2
[ "$3" = - ] && root= || root=${3%/}
dest=$4
self=${5-}
name=${dest##*/}
part=$name.lamsach-part

# refuse CODE SENTENCE
refuse() {
    printf '%s\n' "$2" >&2
    exit "$1"
}

# give_up CODE SENTENCE: refuse, and leave nothing half
give_up() {
    rm -f -- "./$part"
    refuse "$@"
}

# is_whole FILE: it is a plain file with the right checksum
is_whole() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256sum <"$1" | cut -c1-64)" = "$sha256" ]
}

# on_the_way: below a folder that belongs to a user, go on as that user and do not come back
on_the_way() {
    is_ours || go_on_as "$OWNER"
}

# go_on_as UID: the file is open on descriptor 5, because that user cannot open it
go_on_as() {
    WHY="'$HERE' belongs to uid $1; choose a 'dest' in a folder of root"
    [ -z "$root" ] && [ -n "$self" ] || return 1
    gid=$(getent passwd "$1" | cut -d: -f4)
    [ -n "$gid" ] || return 1
    WHY="$WHY, or install setpriv (util-linux) there, with which we become that user"
    setpriv --reuid="$1" --regid="$gid" --init-groups true 2>/dev/null || return 1
    printf '{ %s\n}\n' "$self" | setpriv --reuid="$1" --regid="$gid" --init-groups sh -s -- - "$sha256" - "$dest"
    exit "$?"
}

place() {
    rm -f -- "./$part"
    if [ -e "./$name" ]; then
        cp -p -- "./$name" "./$part"
    else
        (set -C && : >"./$part") && chmod 0755 -- "./$part"
    fi || give_up "$FAILED" "'$HERE/$part' cannot be made"
    cat <&5 >"./$part" || give_up "$DISK_FULL" "'$HERE/$part' cannot be written"
    is_whole "./$part" || give_up "$FAILED" "the checksum is wrong"
    mv -f -- "./$part" "./$name" || give_up "$FAILED" "'$HERE/$name' cannot be made"
    is_whole "./$name" || refuse "$FAILED" "'$HERE/$name' was taken away or changed as soon as it was there"
}

if [ "$1" != - ]; then
    [ -r "$1" ] || refuse "$FAILED" "'$1' cannot be read"
    exec 5<"$1"
fi
enter "$root" "${dest%/*}" || refuse "$FAILED" "$WHY"
is_closed || refuse "$FAILED" "'$HERE' can be written by others; choose a folder below it, such as '$HERE/lamsach'"
if is_whole "./$name"; then
    echo '#lamsach same'
    exit 0
fi
if [ -L "./$name" ] || { [ -e "./$name" ] && [ ! -f "./$name" ]; }; then
    refuse "$FAILED" "'$HERE/$name' is not a plain file; it is left alone"
fi
place
echo '#lamsach placed'

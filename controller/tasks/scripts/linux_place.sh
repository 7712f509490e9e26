# shellcheck shell=sh
# SOURCE SHA256 SYSROOT DEST: copy a file that was pushed to where it belongs.
#
# SYSROOT is `-` for the running system; SOURCE is our own path, DEST one as the computer sees it. The answer is
# `#lamsach placed`, or `#lamsach same` when that very file was there. A refusal is a sentence on stderr and one of the
# exit codes below.
#
# It is copied aside, checked, and only then renamed. A file that is replaced hands on its owner and its rights;
# a new one can be read and run by everybody and written by us.

set -u
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 022

DISK_FULL=62
FAILED=63

source=$1
sha256=$2
[ "$3" = - ] && root= || root=${3%/}
dest=$root$4
parent=${dest%/*}
part=$dest.lamsach-part

# refuse CODE SENTENCE
refuse() {
    printf '%s\n' "$2" >&2
    exit "$1"
}

# give_up CODE SENTENCE: refuse, and leave nothing half
give_up() {
    rm -f -- "$part"
    refuse "$@"
}

# is_whole FILE: it is a plain file with the right checksum
is_whole() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256sum <"$1" | cut -c1-64)" = "$sha256" ]
}

# real FOLDER: its path without links, and without the slash of `/`
real() {
    (cd -P -- "$1/" && pwd -P) | sed 's,^/*$,,'
}

# check_parent: no link may lead us off the disk that stands for the computer
check_parent() {
    there=$parent
    until [ -d "$there/" ]; do
        there=${there%/*}
    done
    case $(real "$there")/ in
    "$(real "$root")"/*) ;;
    *) refuse "$FAILED" "'$there' leads off the disk of the computer" ;;
    esac
}

place() {
    rm -f -- "$part"
    if [ -e "$dest" ]; then
        cp -p -- "$dest" "$part"
    else
        (set -C && : >"$part") && chmod 0755 -- "$part"
    fi || give_up "$FAILED" "'$part' cannot be made"
    cat -- "$source" >"$part" || give_up "$DISK_FULL" "'$part' cannot be written"
    is_whole "$part" || give_up "$FAILED" "the checksum is wrong"
    mv -f -- "$part" "$dest" || give_up "$FAILED" "'$dest' cannot be made"
    is_whole "$dest" || refuse "$FAILED" "'$dest' was taken away or changed as soon as it was there"
}

if is_whole "$dest"; then
    echo '#lamsach same'
    exit 0
fi
if [ -L "$dest" ] || { [ -e "$dest" ] && [ ! -f "$dest" ]; }; then
    refuse "$FAILED" "'$dest' is not a plain file; it is left alone"
fi
check_parent
mkdir -p -- "$parent" || refuse "$FAILED" "'$parent' cannot be made"
place
echo '#lamsach placed'

# shellcheck shell=sh
# Every Linux collector begins with this text. It reads only: no file is made or changed, nothing is started
# that outlives it.
#
#   sh -s -- NONCE SYSROOT [seconds=N] [root=PATH]... [depth=N] [max_files=N] [hashes=md5,sha1]...  < this and linux.sh
#
# SYSROOT is `-` for the running system, else the absolute path of a mounted disk. The answer, frame version 3:
#
#   #begin NAME 3 NONCE SYSROOT
#   one JSON object a line
#   #root {"state":"entered|missing|refused","asked":PATH,"resolved":PATH,"volume":UUID}
#   #unread {"kind":"program|file|folder|name|mount|process|other","path":PATH,"error":ERRNO}
#   #end ROWS unread=N stopped=no|time|count|denied roots=N named=N
#
# A collector that takes roots has a `#root` line for each, and one for each volume it entered below it. The first 200
# unread items are named; `roots` and `named` count these lines. Version 2 had neither of them.
#
# Exit code 64: the question is not understood. 65: SYSROOT holds no system, say because the disk is not mounted.
#
# POSIX sh with the tools of coreutils or busybox, and any awk. File names may hold any byte: between programs
# a name travels with backslash and newline written as \\ and \n (awk: `plain` undoes it), so that a line is a line.

set -u
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset POSIXLY_CORRECT GREP_OPTIONS

NEWLINE='
'
MAX_FILES=20000
DEPTH=
LIMIT=120
ALGORITHMS=sha256

refuse() {
  printf '%s: %s\n' "$COLLECTOR" "$1" >&2
  exit "${2-64}"
}

# encode NAME: print it with backslash and newline written as \\ and \n.
encode() {
  case $1 in
    *"$NEWLINE"* | *\\*) awk "$AWK$ENCODE" "$1" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# shellcheck disable=SC2034  # not every collector asks for STATE
# image FOLDER: set IMAGE to the program that /proc/PID runs and STATE to here, deleted or unread.
image() {
  IMAGE='' STATE=unread
  [ -L "$1/exe" ] || return
  if [ "$LIVE" = yes ]; then
    IMAGE=$(readlink "$1/exe" 2>/dev/null && echo .) || return
    IMAGE=${IMAGE%"$NEWLINE".} STATE=here
    case $IMAGE in *' (deleted)') deleted "$1/exe" ;; esac
  else
    IMAGE=$(readlink -f "$1/exe" 2>/dev/null && echo .) || return
    IMAGE=${IMAGE%"$NEWLINE".}
    case $IMAGE in
      "$ROOT"/*) IMAGE=${IMAGE#"$ROOT"} STATE=here ;;
      *) IMAGE='' ;; # it leads out of the disk, to a file that is ours
    esac
  fi
}

# shellcheck disable=SC2034
# deleted EXE: the kernel adds ` (deleted)` to IMAGE, unless a file that is really named so is the one that runs.
deleted() {
  [ "$(stat -L -c %d:%i "$1" 2>/dev/null)" != "$(stat -c %d:%i "$IMAGE" 2>/dev/null)" ] || return
  IMAGE=${IMAGE%' (deleted)'} STATE=deleted
}

# resolve PATH: set RESOLVED to where PATH ends when every link is followed as the host itself would follow it, so that
# no link of a mounted disk leads out of it. Whether anything is there is not asked. It is text, because shells that
# we start need it as well.
# shellcheck disable=SC2016,SC2089
RESOLVE='
resolve() {
  RESOLVED="" rest=${1#/} hops=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest="" ;; esac
    case $part in
      "" | .) ;;
      ..) RESOLVED=${RESOLVED%/*} ;;
      *) step "$part" || return 1 ;;
    esac
  done
}
step() {
  if ! [ -L "$ROOT$RESOLVED/$1" ]; then
    RESOLVED=$RESOLVED/$1
    return
  fi
  hops=$((hops + 1))
  [ "$hops" -le 40 ] || return 1
  link=$(readlink "$ROOT$RESOLVED/$1" 2>/dev/null && echo .) || return 1
  link=${link%"$NEWLINE".}
  case $link in /*) RESOLVED="" ;; esac
  rest=$link${rest:+/$rest}
}
'
# shellcheck disable=SC2034
RESOLVED=
eval "$RESOLVE"

read_arguments() {
  for argument; do
    case $argument in
      seconds=*[!0-9]* | max_files=*[!0-9]* | depth=*[!0-9]* | seconds= | max_files= | depth=) refuse "not a number: $argument" ;;
      seconds=*) LIMIT=${argument#*=} ;;
      max_files=*) MAX_FILES=${argument#*=} ;;
      depth=*) DEPTH=${argument#*=} ;;
      root=/*) ;;
      hashes=*)
        for algorithm in $(printf '%s\n' "${argument#*=}" | tr , ' '); do
          case $algorithm in md5 | sha1 | sha256) ALGORITHMS=$ALGORITHMS,$algorithm ;; *) refuse "unknown hash: $algorithm" ;; esac
        done
        ;;
      *) refuse "unknown argument: $argument" ;;
    esac
  done
}

# choose ALGORITHM SUM-OF-NOTHING: print `ALGORITHM=` and a program that is there and works.
choose() {
  for tool in "$1sum" "openssl dgst -$1 -r" "busybox $1sum"; do
    case $($tool </dev/null 2>/dev/null) in
      "$2"*) printf '%s=%s\n' "$1" "$tool" && return ;;
    esac
  done
  printf '%s=\n' "$1"
}

# TOOLS: one line for each algorithm asked for; TIMEOUT: not empty when there is a `timeout` that takes our words.
choose_tools() {
  TOOLS=$(
    choose sha256 e3b0c44298fc1c14
    case ,$ALGORITHMS, in *,sha1,*) choose sha1 da39a3ee5e6b4b0d ;; esac
    case ,$ALGORITHMS, in *,md5,*) choose md5 d41d8cd98f00b204 ;; esac
  )
  TIMEOUT=
  timeout 5 true 2>/dev/null && TIMEOUT=yes
  export TOOLS TIMEOUT
}

# knows_us: a /proc of another pid namespace, or a made-up one, does not know this shell by its number.
knows_us() {
  [ "$LIVE" = yes ] || return 0
  IFS= read -r line 2>/dev/null </proc/self/stat && [ "${line%% *}" = $$ ]
}

# main NONCE SYSROOT [name=value]...: ROOT becomes the resolved path of the disk, without a slash at its end;
# LIVE is `yes` on the running system.
main() {
  [ $# -ge 2 ] || refuse 'NONCE and SYSROOT are missing'
  nonce=$1 sysroot=$2
  shift 2
  LIVE=no
  case $sysroot in
    *"$NEWLINE"*) refuse 'a newline in SYSROOT' ;;
    -) ROOT='' LIVE=yes ;;
    /*) ROOT=$(cd -P "$sysroot" 2>/dev/null && pwd -P) || refuse "no such folder: $sysroot" 65 ;;
    *) refuse "not an absolute path: $sysroot" ;;
  esac
  ROOT=${ROOT%/}
  [ "$LIVE" = yes ] || [ -d "$ROOT/etc" ] || [ -d "$ROOT/usr" ] || refuse "no system lies at $sysroot: no etc, no usr" 65
  read_arguments "$@"
  renice -n 19 -p $$ >/dev/null 2>&1
  ionice -c 3 -p $$ >/dev/null 2>&1
  ELEVATED=no
  [ "$(id -u)" != 0 ] || ELEVATED=yes
  DEADLINE=$(($(date +%s) + LIMIT))
  # shellcheck disable=SC2090
  export ROOT LIVE ELEVATED DEADLINE MAX_FILES DEPTH AWK ENCODE NEWLINE
  printf '#begin %s 3 %s %s\n' "$COLLECTOR" "$nonce" "$sysroot"
  collect "$@"
}

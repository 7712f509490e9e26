# shellcheck shell=sh
# Every Linux collector begins with this text. It reads only: no file is made or changed, nothing is started
# that outlives it.
#
#   sh -s -- NONCE SYSROOT [seconds=N] [root=PATH]... [depth=N] [max_files=N] [hashes=md5,sha1]...  < this and linux.sh
#
# SYSROOT is `-` for the running system, else the absolute path of a mounted disk. The answer:
#
#   #begin NAME 2 NONCE SYSROOT
#   one JSON object a line
#   #end ROWS unread=N stopped=no|time|count|denied
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

# What every awk program here starts with. Replacements go through `swap`, because no two awks agree on
# backslashes in gsub.
# shellcheck disable=SC2016,SC2089  # awk text, not shell text
AWK='
function swap(s, old, new,   out, at) {
  out = ""
  while ((at = index(s, old)) > 0) {
    out = out substr(s, 1, at - 1) new
    s = substr(s, at + length(old))
  }
  return out s
}
function encoded(s) { return swap(swap(s, "\\", "\\\\"), "\n", "\\n") }
function plain(s,   out, at) {
  out = ""
  while ((at = index(s, "\\")) > 0) {
    out = out substr(s, 1, at - 1) (substr(s, at + 1, 1) == "n" ? "\n" : "\\")
    s = substr(s, at + 2)
  }
  return out s
}
function quoted(s) { return "\047" swap(s, "\047", "\047\\\047\047") "\047" }

# JSON of a name that is `encoded` already, and of any text.
function name_json(s,   out) {
  s = swap(s, "\"", "\\\"")
  out = ""
  while (match(s, CONTROL)) {
    out = out substr(s, 1, RSTART - 1) sprintf("\\u%04x", CODE[substr(s, RSTART, 1)])
    s = substr(s, RSTART + 1)
  }
  return "\"" out s "\""
}
function json(s) { return name_json(encoded(s)) }
function boolean(yes) { return yes ? "true" : "false" }

# `lacking` says that we have not what the question needs: rights, or a program that hashes.
function row(s) {
  print s
  rows++
  written += length(s) + 1
}
function finish() {
  if (stopped == "no" && (lacking || (unread > 0 && ENVIRON["ELEVATED"] != "yes"))) stopped = "denied"
  print "#end " rows + 0 " unread=" unread + 0 " stopped=" stopped
}
function left(   now) {
  "date +%s" | getline now
  close("date +%s")
  return ENVIRON["DEADLINE"] - now
}

# digest(names, n): SUM[algorithm, name] of the files names[1..n], every algorithm that was asked for, in one call
# of its program. A sum is taken only from a line that ends with the very name it was asked for; names that
# sha256sum would write differently go in by stdin. False when the time is up.
function digest(names, n,   a, i, tool, command, time) {
  if (n == 0) return 1
  for (a in TOOL) {
    if ((time = left()) <= 0) return 0
    tool = (ENVIRON["TIMEOUT"] == "" ? "" : "timeout " time " ") TOOL[a]
    command = ""
    for (i = 1; i <= n; i++) {
      if (names[i] ~ /[\n\r\\]/) read_sums(a, tool " <" quoted(names[i]), names[i])
      else command = command " " quoted(names[i])
    }
    if (command != "") read_sums(a, tool command, "")
  }
  return left() > 0
}
function read_sums(a, command, name,   line, sum, size) {
  size = (a == "sha256" ? 64 : a == "sha1" ? 40 : 32)
  command = command " 2>/dev/null"
  while ((command | getline line) > 0) {
    sum = substr(line, 1, size)
    if (length(sum) == size && sum !~ /[^0-9a-f]/) SUM[a, name == "" ? substr(line, size + 3) : name] = sum
  }
  close(command)
}
function sums_json(name,   a, out) {
  for (a = 1; a <= 3; a++) out = out ",\"" ORDER[a] "\":\"" SUM[ORDER[a], name] "\""
  return out
}
function summed(name,   a) {
  for (a in TOOL) if (SUM[a, name] == "") return 0
  return 1
}

BEGIN {
  for (i = 1; i < 32; i++) CODE[sprintf("%c", i)] = i
  CONTROL = "[\001-\037]"
  split("sha256 sha1 md5", ORDER, " ")
  stopped = "no"
  n = split(ENVIRON["TOOLS"], tools, "\n")
  for (i = 1; i <= n; i++) {
    at = index(tools[i], "=")
    if (at == length(tools[i])) lacking = 1
    else TOOL[substr(tools[i], 1, at - 1)] = substr(tools[i], at + 1)
  }
}
'

# Print the arguments on one line, encoded.
# shellcheck disable=SC2016,SC2089
ENCODE='BEGIN { for (i = 1; i < ARGC; i++) printf "%s%s", encoded(ARGV[i]), i < ARGC - 1 ? " " : "\n" }'

refuse() {
  printf '%s: %s\n' "$COLLECTOR" "$1" >&2
  exit 64
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
    /*) ROOT=$(cd -P "$sysroot" 2>/dev/null && pwd -P) || refuse "no such folder: $sysroot" ;;
    *) refuse "not an absolute path: $sysroot" ;;
  esac
  ROOT=${ROOT%/}
  read_arguments "$@"
  renice -n 19 -p $$ >/dev/null 2>&1
  ELEVATED=no
  [ "$(id -u)" != 0 ] || ELEVATED=yes
  DEADLINE=$(($(date +%s) + LIMIT))
  # shellcheck disable=SC2090
  export ROOT LIVE ELEVATED DEADLINE MAX_FILES DEPTH AWK ENCODE NEWLINE
  printf '#begin %s 2 %s %s\n' "$COLLECTOR" "$nonce" "$sysroot"
  collect "$@"
}

# shellcheck shell=sh
# Every file, folder and link below the roots, with the hashes of the files. Reads only; see spec.yaml.
#
# Links are listed and not followed, except a root that is itself a link to a folder. Other file systems are not
# entered: their mount points are rows of type `mount`. /proc and /sys are left out.

COLLECTOR=files

# What runs on each batch of names. A line is `MODE LINKS DEVICE:INODE SIZE MODIFIED NAME`; lines of ours begin with #.
# The reader may have had enough (then stat dies of the broken pipe) or the time may be up: 255 makes xargs stop.
# shellcheck disable=SC2016  # expanded by the shell that xargs starts
BATCH='
FIELDS="%f %h %d:%i %s %Y"
in_time() { [ "$(date +%s)" -lt "$DEADLINE" ] || { echo "#time"; exit 255; }; }
whole() { [ "$1" -le 128 ] || { echo "#broken"; exit 255; }; }
odd() {
  in_time
  fields=$(stat -c "$FIELDS" "$1") || { whole $?; return; }
  awk "$AWK$ENCODE" "$fields" "$1"
  whole $?
}
[ $# -gt 0 ] || exit 0
in_time
case $* in
  *"$NEWLINE"* | *\\*)
    for name; do
      shift
      case $name in *"$NEWLINE"* | *\\*) odd "$name" ;; *) set -- "$@" "$name" ;; esac
    done
    [ $# -gt 0 ] || exit 0
    ;;
esac
stat -c "$FIELDS %n" "$@"
whole $?
exit 0'

# is_inside PATH: a mounted disk may hold links that lead out of it, to our own files.
is_inside() {
  [ "$LIVE" = no ] || return 0
  folder=$1
  [ -d "$folder" ] || folder=${folder%/*}/
  folder=$(cd -P "$folder" 2>/dev/null && pwd -P) || return 0 # find will say why
  case $folder/ in "$ROOT"/*) ;; *) return 1 ;; esac
}

# is_missing PATH: it is not there, and we were allowed to see that.
is_missing() {
  [ ! -e "$1" ] && [ ! -L "$1" ] || return 1
  above=$1
  while [ -n "$above" ] && [ ! -e "$above" ]; do above=${above%/*}; done
  [ -x "${above:-/}" ]
}

walk() {
  asked=$1
  while [ "${asked%/}" != "$asked" ]; do asked=${asked%/}; done
  place=$ROOT$asked
  if is_missing "${place:-/}"; then
    printf '#missing %s\n' "$(encode "$asked")"
    return
  elif ! is_inside "${place:-/}"; then
    echo '#outside'
    return
  fi
  [ ! -d "$place/" ] || place=$place/
  printf '#root %s\n' "$(stat -L -c %d "$place" 2>/dev/null)"
  {
    find "$place" ${DEPTH:+-maxdepth "$DEPTH"} -xdev \( -path "$ROOT/proc" -o -path "$ROOT/sys" \) -prune -o -print0
    [ $? -le 125 ] || echo '#broken' >&3
  } | xargs -0 -n 500 sh -c "$BATCH" sh || echo '#broken'
}

walk_all() {
  for argument; do
    case $argument in root=*) ;; *) continue ;; esac
    if [ "$(date +%s)" -ge "$DEADLINE" ]; then
      echo '#time'
      return
    fi
    walk "${argument#root=}"
  done
}

# The lines of all batches, and at the very end `#unread N`: one line of complaint for each thing it could not read.
listed() {
  { walk_all "$@" 2>&1 >&3 | awk 'END { print "#unread " NR }' >&3; } 3>&1
}

collect() {
  choose_tools
  listed "$@" | awk "$AWK"'
    BEGIN {
      START = length(encoded(ENVIRON["ROOT"])) + 1
      TYPE["4"] = "folder"
      TYPE["8"] = "file"
      TYPE["a"] = "link"
    }

    # The controller takes 8 MiB.
    function list(name, type, size, modified, sums) {
      row("{\"path\":" name_json(name) ",\"type\":\"" type "\",\"size\":" size ",\"modified\":" modified sums "}")
      if (written > 7500000 && stopped == "no") stopped = "count"
    }

    # Hash the files that wait, and list them. One that has several names (hard links) is read once.
    # When none of several could be read, it is not the files that are at fault.
    function flush(   i, n, names, in_time, sums, read) {
      for (i = 1; i <= waiting; i++) {
        if (inode[i] != "" && inode[i] in KNOWN) continue
        KNOWN[inode[i]] = ""
        names[++n] = file[i]
      }
      in_time = stopped != "time" && digest(names, n + 0)
      if (!in_time) stopped = "time"
      for (i = 1; i <= waiting; i++) {
        sums = sums_json(file[i])
        if (summed(file[i])) {
          KNOWN[inode[i]] = sums
          read++
        } else if (inode[i] != "" && KNOWN[inode[i]] != "") sums = KNOWN[inode[i]]
        else if (in_time) unread++
        list(shown[i], "file", size[i], modified[i], sums)
      }
      if (in_time && n > 4 && !read) lacking = 1
      split("", SUM)
      waiting = bytes = letters = 0
    }

    # A batch is one command line, and that has at most 128 KiB; each letter may need four to be quoted.
    function wait(name) {
      waiting++
      file[waiting] = plain(name)
      shown[waiting] = substr(name, START)
      size[waiting] = $4
      modified[waiting] = $5
      inode[waiting] = $2 > 1 ? $3 : ""
      bytes += $4
      letters += length(name) + 3
      if (waiting >= 200 || bytes > 134217728 || letters > 25000) flush()
    }

    # A root that is there and gave no row was not looked at.
    /^#(root|unread) / && bare { lacking = 1 }
    stopped != "no" { exit }
    /^#time/ { stopped = "time"; next }
    /^#unread / { unread += $2; next }
    /^#outside/ { unread++; lacking = 1; next }
    /^#broken/ { lacking = 1; next }
    /^#missing / { list(substr($0, 10), "missing", 0, 0, sums_json("")); next }
    /^#root / { device = $2 ":"; bare = 1; next }
    {
      bare = 0
      name = substr($0, length($1 $2 $3 $4 $5) + 6)
      type = length($1) == 4 && substr($1, 1, 1) in TYPE ? TYPE[substr($1, 1, 1)] : "other"
      if (type == "file") {
        if (++files > ENVIRON["MAX_FILES"] + 0) stopped = "count"
        else wait(name)
        next
      }
      if (type == "folder" && index($3, device) != 1) type = "mount"
      if (length(name) > START) sub(/\/$/, "", name)
      list(substr(name, START), type, $4, $5, sums_json(""))
    }
    END {
      if (waiting) flush()
      finish()
    }'
}

main "$@" </dev/null

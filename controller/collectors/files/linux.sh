# shellcheck shell=sh
# Every file, folder and link below the roots, with the hashes of the files. Reads only; see spec.yaml.
#
# Links are listed and not followed, except those in the path of a root, which are followed as the host itself would: on
# a mounted disk within that disk. linux-mounts.sh says which file systems below a root are entered; the mount point of
# one that is not is a row of type `mount`. Fifos, sockets and devices are listed and never opened. /proc and /sys are
# left out.

COLLECTOR=files

# What runs on each batch of names. A line is `MODE LINKS DEVICE:INODE SIZE MODIFIED NAME`; lines of ours begin with #,
# complaints of stat with its name: it writes both one after the other.
# The reader may have had enough (then stat dies of the broken pipe) or the time may be up: 255 makes xargs stop.
# shellcheck disable=SC2016  # expanded by the shell that xargs starts
BATCH='
FIELDS="%f %h %d:%i %s %Y"
in_time() { [ "$(date +%s)" -lt "$DEADLINE" ] || { echo "#time"; exit 255; }; }
whole() { [ "$1" -le 128 ] || { echo "#broken"; exit 255; }; }
odd() {
  in_time
  fields=$(stat -c "$FIELDS" "$1" 2>&1)
  failed=$?
  whole $failed
  [ $failed = 0 ] || fields="#unstat ${fields##*: }"
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
stat -c "$FIELDS %n" "$@" 2>&1
whole $?
exit 0'

# is_missing PATH: it is not there, and we were allowed to see that.
is_missing() {
  [ ! -e "${1:-/}" ] && [ ! -L "$1" ] || return 1
  above=$1
  while [ -n "$above" ] && [ ! -e "$above" ]; do above=${above%/*}; done
  [ -x "${above:-/}" ]
}

# say_root STATE VOLUME ASKED REAL: three lines.
say_root() {
  printf '#root %s %s\n' "$1" "$2"
  encode "$3"
  encode "${4:-/}"
}

# file_systems: say where the root lies and what lies below it; false when it is not to be entered.
file_systems() {
  table=$(mounts)
  # shellcheck disable=SC2046
  set -- $(printf '%s\n' "$table" | head -n 1)
  if [ "$2" = skip ] || [ "$3" = autofs ]; then
    say_root refused '' "$root" ''
    printf '#stop %s\n' "$(encode "$real")"
    return 1
  fi
  volume "${4-}"
  say_root entered "$VOLUME" "$root" "$RESOLVED"
  printf '%s\n' "$table" | while read -r class source path; do
    case $class in
      double) echo '#double' ;;
      skip | stop) printf '#%s %s\n' "$class" "$path" ;;
      enter | start)
        volume "$source"
        [ -z "$VOLUME" ] || { printf '#root entered %s\n' "$VOLUME" && encode "$root" && printf '%s\n' "$path"; }
        ;;
    esac
  done
}

# walk ROOT: `root` is the argument as it came, `asked` without slashes at its end, `real` its place without links.
walk() {
  root=$1 asked=$1
  while [ "${asked%/}" != "$asked" ]; do asked=${asked%/}; done
  if ! resolve "$asked"; then
    say_root refused '' "$root" ''
    printf '#loop %s\n' "$(encode "$asked")"
    return
  fi
  real=$ROOT$RESOLVED
  if is_missing "$real"; then
    say_root missing '' "$root" ''
    printf '#missing %s\n' "$(encode "$asked")"
    return
  fi
  printf '#place\n'
  encode "$asked"
  encode "$real"
  file_systems || return
  echo '#start'
  eval "set -- $(mounts words)"
  {
    find "$@"
    [ $? -le 125 ] || echo '#broken the search ended midway' >&3
  } | xargs -0 -n 500 sh -c "$BATCH" sh || echo '#broken the search ended midway'
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

# The lines of all batches, and at the very end what was complained of, each as `#complaint LINE`.
listed() {
  { walk_all "$@" 2>&1 >&3 | awk 'NR <= 1000 { print "#complaint " $0 } END { print "#end" }' >&3; } 3>&1
}

collect() {
  choose_tools
  listed "$@" | awk "$AWK$COMPLAINTS"'
    BEGIN {
      TYPE["4"] = "folder"
      TYPE["8"] = "file"
      TYPE["a"] = "link"
    }

    # The controller takes 8 MiB.
    function list(name, type, size, modified, sums) {
      row("{\"path\":" name_json(name) ",\"type\":\"" type "\",\"size\":" size ",\"modified\":" modified sums "}")
      if (written > 7500000 && stopped == "no") stopped = "count"
    }

    # Hash the files that wait, and list them. One that has several names (hard links, mounts) is read once.
    # When none of several could be read, it is not the files that are at fault.
    function flush(   i, n, names, in_time, sums, read, failed, lost) {
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
        else if (in_time) lost[++failed] = file[i]
        list(shown_as[i], "file", size[i], modified[i], sums)
      }
      split("", SUM)
      if (failed) note_lost(lost, failed, read)
      waiting = bytes = letters = 0
    }
    # Root is refused (errno 1, 13) by a guard such as an antivirus or SELinux, never by the rights of a file. What cannot
    # be opened cannot be told from a program.
    function note_lost(lost, n, read,   i, there, word) {
      unsummed(lost, n)
      for (i = 1; i <= n; i++) {
        if (WHY[lost[i]] == "gone") continue
        split(WHY[lost[i]], word, " ")
        note(word[1] == "program" || word[2] == 1 || word[2] == 13 ? "program" : "file", shown_anywhere(encoded(lost[i])), word[2])
        there++
      }
      if (there > 4 && !read) lacking = 1
    }

    # A batch is one command line, and that has at most 128 KiB; each letter may need four to be quoted.
    function wait(name) {
      waiting++
      file[waiting] = plain(name)
      shown_as[waiting] = shown(name)
      size[waiting] = $4
      modified[waiting] = $5
      inode[waiting] = $2 > 1 || double ? $3 : ""
      bytes += $4
      letters += length(name) + 3
      if (waiting >= 200 || bytes > 134217728 || letters > 25000) flush()
    }

    # A root that is there and gave no row, or neither a folder nor a file, was not looked at.
    function refuse_root(kind) {
      state[root_of[bare]] = "refused"
      stops(kind, bare, 0)
      bare = ""
    }
    function add_root(   asked, resolved) {
      if ((getline asked) <= 0 || (getline resolved) <= 0) exit
      state[++roots_seen] = $2
      asked_as[roots_seen] = asked
      lies_at[roots_seen] = resolved
      on_volume[roots_seen] = $3
      if (!root_number[places]) root_number[places] = roots_seen
    }
    function add_place() {
      if ((getline ASKED) <= 0 || (getline PLACE) <= 0) exit
      asked_at[++places] = ASKED
      place_at[places] = PLACE
    }
    # shown(place): as the host sees it, below the root as it was asked for.
    function shown(place) {
      place = ASKED substr(place, length(PLACE) + 1)
      return place == "" ? "/" : place
    }

    /^#(start|end|root|place|missing|loop)/ { if (bare) refuse_root("folder") }
    stopped != "no" { exit }
    /^#time/ { stopped = "time"; next }
    /^#root / { add_root(); next }
    /^#place/ { add_place(); next }
    /^#start/ {
      bare = shown(PLACE)
      root_of[bare] = root_number[places]
      next
    }
    /^#loop / { stops("link", substr($0, 7), 40); next }
    /^#broken/ { stops("other", substr($0, 9) == "" ? "a batch of names is lost" : substr($0, 9), 0); next }
    /^#double/ { double = 1; next }
    /^#missing / { list(substr($0, 10), "missing", 0, 0, sums_json("")); next }
    /^#(skip|stop) / {
      name = shown(substr($0, 7))
      list(name, "mount", 0, 0, sums_json(""))
      if ($1 == "#stop") stops("mount", name, 0)
      next
    }
    /^#unstat / {
      error = substr($0, 9)
      sub(/ \/.*/, "", error)
      if (errno(error) != 2) unlisted(substr($0, length(error) + 10), errno(error))
      next
    }
    /^#complaint / { complaint(substr($0, 12)); next }
    /^#end/ { next }
    /^stat: / { complaint($0); next }
    !/^[0-9a-f]+ [0-9]+ [0-9]+:[0-9]+ [0-9]+ -?[0-9]+ / { stops("other", encoded($0), 0); next } # such as: Killed
    {
      name = substr($0, length($1 $2 $3 $4 $5) + 6)
      type = length($1) == 4 && substr($1, 1, 1) in TYPE ? TYPE[substr($1, 1, 1)] : "other"
      if (bare && type != "file" && type != "folder") refuse_root(type)
      bare = ""
      if (type == "file") {
        if (!double || !COUNTED[$3]++) files++
        if (files > ENVIRON["MAX_FILES"] + 0) stopped = "count"
        else wait(name)
        next
      }
      list(shown(name), type, $4, $5, sums_json(""))
    }
    END {
      if (waiting) flush()
      for (i = 1; i <= roots_seen; i++) root(state[i], asked_as[i], state[i] == "entered" ? lies_at[i] : "", on_volume[i])
      finish()
    }'
}

main "$@" </dev/null

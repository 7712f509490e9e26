# shellcheck shell=sh
# Every file, folder and link below the roots, with the hashes of the files. Reads only; see spec.yaml.
#
# Links are listed and not followed, except those in the path of a root, which are followed as the host itself would: on
# a mounted disk within that disk. linux-roots.sh begins at each root, and linux-mounts.sh says which file systems below
# it are entered; the mount point of one that is not is a row of type `mount`. Fifos, sockets and devices are listed and
# never opened. /proc and /sys are left out. linux-again.sh has the second part of the look: what was moved meanwhile is
# looked for again.

COLLECTOR=files

# What runs on each batch of names. A line is `MODE LINKS DEVICE:INODE SIZE MODIFIED CHANGED NAME`, the times with parts of a
# second where stat has them; lines of ours begin with #, complaints of stat with its name: it writes both one after the
# other.
# The reader may have had enough (then stat dies of the broken pipe) or the time may be up: 255 makes xargs stop.
# shellcheck disable=SC2016,SC2089  # expanded by the shell that xargs starts
BATCH='
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

# The lines of all batches, and at the very end what was complained of, each as `#complaint LINE`.
listed() {
  { walk_all "$@" 2>&1 >&3 | awk 'NR <= 1000 { print "#complaint " $0 } END { print "#end" }' >&3; } 3>&1
}

collect() {
  choose_tools
  FIELDS='%f %h %d:%i %s %Y %Z' BEGAN=$((DEADLINE - LIMIT))
  case $({ stat -c '%.9Y' /; } 2>/dev/null) in *[0-9].?????????) FIELDS='%f %h %d:%i %s %.9Y %.9Z' ;; esac
  # shellcheck disable=SC2090
  export FIELDS BEGAN BATCH LIST
  listed "$@" | awk "$AWK$COMPLAINTS$AGAIN"'
    BEGIN {
      round = 0
      pass = 1
      TYPE["4"] = "folder"
      TYPE["8"] = "file"
      TYPE["a"] = "link"
    }

    # The controller takes 8 MiB.
    function list(name, type, size, modified, sums) {
      row("{\"path\":" name_json(name) ",\"type\":\"" type "\",\"size\":" size ",\"modified\":" modified sums "}")
      if (written > 7500000 && stopped == "no") stopped = "count"
    }

    # Hash the files that wait, and list them. One that has several names (hard links, mounts) is read once. One that
    # was moved meanwhile has not been read; a sum that it got all the same is an observation.
    # When none of several could be read, it is not the files that are at fault.
    function flush(   i, n, names, in_time, sums, read, failed, lost) {
      for (i = 1; i <= waiting; i++) {
        if (once[i] && id[i] in KNOWN) continue
        KNOWN[id[i]] = ""
        names[++n] = file[i]
      }
      in_time = stopped != "time" && digest(names, n + 0)
      if (in_time) find_moved(names, n + 0)
      else stopped = "time"
      for (i = 1; i <= waiting; i++) {
        sums = sums_json(file[i])
        if (summed(file[i])) {
          read++
          if (!MOVED[file[i]]) KNOWN[id[i]] = sums
        } else if (once[i] && KNOWN[id[i]] != "") sums = KNOWN[id[i]]
        else if (in_time && !MOVED[file[i]]) lost[++failed] = i
        settle(i, sums)
      }
      split("", SUM)
      if (failed) note_lost(lost, failed, read)
      for (i = 1; i <= waiting; i++) if (KNOWN[id[i]] == "") delete KNOWN[id[i]]
      waiting = bytes = letters = 0
    }
    # settle(i, sums): the row of a file; one without sums waits for the end of the look, which may find some.
    function settle(i, sums,   at) {
      at = shown_as[i]
      if (KNOWN[id[i]] != "") {
        was_read(id[i])
        ROW[at] = inode[i]
      } else if (MOVED[file[i]]) {
        missed(id[i], at, encoded(file[i]))
        list_anew(encoded(file[i]))
      }
      if (KNOWN[id[i]] == "" && !summed(file[i])) LATE[at] = size[i] " " modified[i] " " sums
      else if (!((at, sums) in GIVEN)) {
        GIVEN[at, sums] = GIVEN[at] = 1
        list(at, "file", size[i], modified[i], sums)
      }
    }
    function list_late(   at, word) {
      for (at in LATE) {
        split(LATE[at], word, " ")
        if (!(at in GIVEN)) list(at, "file", word[1], word[2], word[3])
      }
    }
    # Root is refused (errno 1, 13) by a guard such as an antivirus or SELinux, never by the rights of a file. What cannot
    # be opened cannot be told from a program.
    function note_lost(lost, n, read,   i, names, there, word) {
      for (i = 1; i <= n; i++) names[i] = file[lost[i]]
      unsummed(names, n)
      for (i = 1; i <= n; i++) {
        split(WHY[names[i]], word, " ")
        if (word[1] == "gone" || word[2] == 2) {
          missed(id[lost[i]], shown_as[lost[i]], encoded(names[i]))
          list_anew(encoded(names[i]))
          continue
        }
        there++
        if (!word[2]) {
          not_summed(id[lost[i]], shown_as[lost[i]], word[1], encoded(names[i]))
          continue
        }
        ROW[shown_as[lost[i]]] = inode[lost[i]]
        note(word[1] == "program" || word[2] == 1 || word[2] == 13 ? "program" : "file", shown_as[lost[i]], word[2])
      }
      if (there > 4 && !read && !round) lacking = 1
    }

    # A batch is one command line, and that has at most 128 KiB; each letter may need four to be quoted.
    function wait(name, at) {
      if ((!round || !(at in GIVEN || at in LATE)) && (!double || !COUNTED[$3]++)) files++
      if (files > ENVIRON["MAX_FILES"] + 0) {
        stopped = "count"
        return
      }
      waiting++
      file[waiting] = plain(name)
      LISTED_AS[file[waiting]] = $3 " " $4 " " $5 " " $6
      shown_as[waiting] = at
      size[waiting] = $4
      modified[waiting] = whole_part($5)
      inode[waiting] = $3
      id[waiting] = $3 "/" $4 "/" $5
      once[waiting] = round || $2 > 1 || double
      bytes += $4
      letters += length(name) + 3
      if (waiting >= 200 || bytes > 134217728 || letters > 25000) flush()
    }
    function whole_part(number) {
      sub(/\..*/, "", number)
      return number
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

    # take(): what a batch of names gave; in the first part of the look also what comes before and behind it.
    function take(   error) {
      if (/^#time/) stopped = "time"
      else if (/^#broken/) stops("other", substr($0, 9) == "" ? "a batch of names is lost" : substr($0, 9), 0)
      else if (/^#complaint /) complaint(substr($0, 12))
      else if (/^stat: /) complaint($0)
      else if (/^#unstat /) {
        error = substr($0, 9)
        sub(/ \/.*/, "", error)
        if (errno(error) == 2) vanish(substr($0, length(error) + 10))
        else unlisted(substr($0, length(error) + 10), errno(error))
      } else if (/^[0-9a-f]+ [0-9]+ [0-9]+:[0-9]+ [0-9]+ -?[0-9.]+ -?[0-9.]+ /) {
        type = length($1) == 4 && substr($1, 1, 1) in TYPE ? TYPE[substr($1, 1, 1)] : "other"
        name = substr($0, length($1 $2 $3 $4 $5 $6) + 7)
        if (round) take_again(name)
        else take_first(name)
      } else stops("other", encoded($0), 0) # such as: Killed
    }
    function take_first(name,   level) {
      if (bare && type != "file" && type != "folder") refuse_root(type)
      bare = ""
      at = shown(name)
      if (type == "file") {
        wait(name, at)
        return
      }
      list(at, type, $4, whole_part($5), sums_json(""))
      ROW[at] = $3
      level = substr(name, length(PLACE) + 1)
      if (type == "folder" && !(name in SHOWN)) add_folder(name, at, level == "/" ? 0 : gsub("/", "", level))
    }

    /^#(start|end|root|place|missing|loop)/ { if (bare) refuse_root("folder") }
    stopped != "no" { exit }
    /^#root / { add_root(); next }
    /^#place/ { add_place(); next }
    /^#start/ {
      bare = shown(PLACE)
      root_of[bare] = root_number[places]
      next
    }
    /^#loop / { stops("link", substr($0, 7), 40); next }
    /^#prunes / { PRUNES[places] = plain(substr($0, 9)); next }
    /^#double/ { double = 1; next }
    /^#missing / { list(substr($0, 10), "missing", 0, 0, sums_json("")); next }
    /^#(skip|stop) / {
      name = shown(substr($0, 7))
      list(name, "mount", 0, 0, sums_json(""))
      if ($1 == "#stop") stops("mount", name, 0)
      next
    }
    /^#end/ { next }
    { take() }
    END {
      if (waiting) flush()
      look_again()
      name_missed()
      list_late()
      for (i = 1; i <= roots_seen; i++) root(state[i], asked_as[i], state[i] == "entered" ? lies_at[i] : "", on_volume[i])
      finish()
    }'
}

main "$@" </dev/null

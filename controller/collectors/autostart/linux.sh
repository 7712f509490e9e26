# shellcheck shell=sh
# Everything that starts by itself: cron, systemd, init, udev, hooks of the network, the shells' own files, ld.so.preload
# and the desktop's autostart. Reads only; see spec.yaml.
#
# The shell lists the files in which entries stand, awk reads them. Every path is followed inside of ROOT (`resolve`).

COLLECTOR=autostart

# What the shell says of each of the paths and commands that awk asks about, in two lines: here (with where it lies),
# big (as above, but too big for what is no program), other (no file, but something), unread, or missing.
# shellcheck disable=SC2016,SC2089  # expanded by the shell that awk starts
LOOK_UP='
command_of() {
  for place in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /usr/lib/udev /lib/udev; do
    resolve "$place/$1" && [ -f "$ROOT$RESOLVED" ] && return
  done
  return 1
}
for path; do
  says=missing
  case $path in
    /*) resolve "$path" || says=unread ;;
    *) command_of "$path" || RESOLVED= ;;
  esac
  file=$ROOT$RESOLVED
  if [ "$says" = unread ] || [ -z "$RESOLVED" ]; then :
  elif [ -f "$file" ] && [ -r "$file" ]; then
    says=here
    [ -x "$file" ] || [ "$(stat -c %s "$file" 2>/dev/null || echo 0)" -le 67108864 ] || says=big
  elif [ -f "$file" ]; then says=unread
  elif [ -e "$file" ]; then says=other
  else
    while [ -n "$file" ] && ! [ -e "$file" ]; do file=${file%/*}; done
    [ -x "${file:-/}" ] || says=unread # who knows
  fi
  echo "$says"
  case $RESOLVED in *"$NEWLINE"* | *\\*) awk "$AWK$ENCODE" "$RESOLVED" ;; *) printf "%s\n" "$RESOLVED" ;; esac
done'

collect() {
  choose_tools
  # shellcheck disable=SC2090
  export RESOLVE LOOK_UP
  listed | awk "$AWK$READERS"'
    BEGIN {
      MOST_BYTES = 1048576
      MOST_ENTRIES = 50000
      LONGEST = 32768
      for (i = split("if then else elif do while until ! { exec env sudo nohup time command", word, " "); i > 0; i--) BEFORE[word[i]] = 1
    }

    stopped != "no" { exit }
    /^#loop / { note("link", substr($0, 7), 40); next }
    /^#unlisted / { stops("folder", substr($0, 11), 13); next }
    /^#wanted / {
      unit = substr($0, 9)
      WANTED[unit] = 1
      if (match(unit, /@[^@]*\./)) WANTED[substr(unit, 1, RSTART) substr(unit, RSTART + RLENGTH - 1)] = 1
      if (unit ~ /^S[0-9][0-9]/) WANTED[substr(unit, 4)] = 1
      next
    }
    /^@ / {
      reader = $2
      sort = $3
      enabled = $4
      if ((getline user) <= 0 || (getline location) <= 0 || (getline file) <= 0) exit
      user = user == "=" ? plain(last(location)) : plain(user)
      if (++files % 50 == 0 && left() <= 0) stopped = "time"
      else if (reader == "itself") {
        entry(plain(last(location)), "", location)
        if (sort == "init" && enabled == "no") unit_of[entries] = last(location)
      } else {
        count = contents(file)
        if (reader == "unit") read_unit(count)
        else if (reader == "desktop") read_desktop(count)
        else if (reader == "preload") read_preload(count)
        else if (reader == "rules") read_rules(count)
        else if (reader == "inittab") read_inittab(count)
        else read_table(count)
      }
    }

    # A service is asked for by itself, or by the timer, socket or path that is called like it; what stands in `service.d`
    # belongs to every service.
    function is_enabled(i,   unit, stem) {
      if (!(i in unit_of)) return asked[i] == "yes"
      stem = unit = unit_of[i]
      sub(/\.[^.]*$/, "", stem)
      return unit in WANTED || (stem ".timer") in WANTED || (stem ".socket") in WANTED || (stem ".path") in WANTED || (kind[i] != "init" && unit !~ /\./)
    }

    # Ask the shell about all paths, as many at once as a command line holds.
    function look_up(   i, from, command) {
      for (i = from = 1; i <= paths + 1; i++) {
        if (i <= paths && length(command) < 25000) {
          command = command " " quoted(plain(order[i]))
          continue
        }
        if (left() <= 0) return 0
        read_answers("sh -c \"$RESOLVE$LOOK_UP\" sh" command, from)
        from = i
        command = i <= paths ? " " quoted(plain(order[i])) : ""
      }
      return 1
    }
    function read_answers(command, i,   state, place) {
      while ((command | getline state) > 0 && (command | getline place) > 0) {
        says[order[i]] = state
        lies[order[i]] = place
        i++
      }
      close(command)
    }
    function hash_all(   i, n, batch, letters, path, place) {
      for (i = 1; i <= paths; i++) {
        path = order[i]
        place = lies[path]
        if (says[path] == "unread" || !(path in says)) note("program", path, 0)
        else if (says[path] == "big") note("file", path, 27)
        if (says[path] != "here" || place in tried) continue
        tried[place] = 1
        batch[++n] = ENVIRON["ROOT"] plain(place)
        letters += length(place) + length(ENVIRON["ROOT"])
        if ((n == 64 || letters > 25000) && !hash(batch, n)) return 0
        if (n == 64 || letters > 25000) n = letters = 0
      }
      return hash(batch, n + 0)
    }
    function hash(batch, n,   i, in_time, place, lost, failed) {
      in_time = digest(batch, n)
      for (i = 1; i <= n; i++) {
        place = encoded(substr(batch[i], length(ENVIRON["ROOT"]) + 1))
        if (summed(batch[i])) sums[place] = sums_json(batch[i])
        else if (in_time) lost[++failed] = batch[i]
      }
      split("", SUM)
      if (failed) unsummed(lost, failed)
      for (i = 1; i <= failed; i++) {
        if (WHY[lost[i]] == "gone") continue
        place = encoded(substr(lost[i], length(ENVIRON["ROOT"]) + 1))
        note("program", place, substr(WHY[lost[i]], index(WHY[lost[i]], " ") + 1))
      }
      return in_time
    }

    function list(i,   k, path, rows_before) {
      rows_before = rows
      for (k = 1; k <= named[i]; k++) {
        path = names[i, k]
        if (says[path] == "other" || (says[path] == "missing" && (path !~ /^\// || (k > 1 && is_command(path))))) continue
        one(i, path ~ /^\// ? path : lies[path], lies[path])
      }
      if (rows == rows_before) one(i, "", "")
    }
    # A missing path with blanks is a command when the file that it begins with is there. The first word of an entry is
    # the program itself.
    function is_command(path,   program) {
      program = path
      return sub(/[ \t;|&].*/, "", program) && says[program] == "here"
    }
    function one(i, path, place) {
      row("{\"kind\":\"" kind[i] "\",\"name\":" json(called[i]) ",\"path\":" name_json(path) \
        (place != "" && place in sums ? sums[place] : sums_json("")) ",\"command\":" json(substr(does[i], 1, 4096)) \
        ",\"user\":" json(whose[i]) ",\"location\":" name_json(stands[i]) ",\"enabled\":" boolean(is_enabled(i)) "}")
      if (written > 7500000 && stopped == "no") stopped = "count"
    }
    END {
      if (stopped != "time" && !(look_up() && hash_all()) && stopped == "no") stopped = "time"
      for (i = 1; i <= entries && stopped != "count"; i++) list(i)
      finish()
    }'
}

main "$@" </dev/null

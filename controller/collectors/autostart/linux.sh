# shellcheck shell=sh
# Everything that starts by itself: cron, systemd, init, the shells' own files, ld.so.preload and the desktop's
# autostart. Reads only; see spec.yaml.
#
# The shell lists the files in which entries stand, awk reads them. Every path is followed inside of ROOT (`resolve`).

COLLECTOR=autostart

# every READER KIND ENABLED USER FOLDER PATTERN: each file of FOLDER whose name fits; ENABLED is yes, no, or x (when it
# may be executed).
every() {
  if ! resolve "$5"; then
    echo '#unread'
    return
  fi
  inner=$ROOT$RESOLVED
  [ -d "$inner" ] || return
  { [ -r "$inner" ] && [ -x "$inner" ]; } || echo '#unread'
  # shellcheck disable=SC2254,SC2231  # the pattern is one of ours
  for file in "$inner"/$6; do
    { [ -e "$file" ] || [ -L "$file" ]; } && one "$1" "$2" "$3" "$4" "$5/${file#"$inner"/}"
  done
}

# one READER KIND ENABLED USER FILE: four lines, when FILE is a file.
one() {
  if ! resolve "$5"; then
    echo '#unread'
    return
  fi
  [ -f "$ROOT$RESOLVED" ] || return
  enabled=$3
  [ "$enabled" != x ] || enabled=no
  [ "$3" != x ] || ! [ -x "$ROOT$RESOLVED" ] || enabled=yes
  echo "@ $1 $2 $enabled"
  encode "$4"
  encode "$5"
  encode "$RESOLVED"
}

# wanted FOLDER PATTERN: the names of the links by which something asks for a unit or a script.
wanted() {
  resolve "$1" || return
  # shellcheck disable=SC2231  # the pattern is one of ours
  for file in "$ROOT$RESOLVED"/$2; do
    [ -L "$file" ] || [ -e "$file" ] || continue
    printf '#wanted %s\n' "$(encode "${file##*/}")"
  done
}

units() {
  wanted "$1" '*.wants/*'
  wanted "$1" '*.requires/*'
  for sort in service timer socket; do
    every unit systemd no "$2" "$1" "*.$sort"
    every unit systemd no "$2" "$1" "*$sort.d/*.conf"
  done
}

for_the_system() {
  one crontab cron yes '' /etc/crontab
  one anacrontab cron yes root /etc/anacrontab
  every crontab cron yes '' /etc/cron.d '*'
  for period in hourly daily weekly monthly; do every itself cron x root "/etc/cron.$period" '*'; done
  for folder in cron/crontabs cron cron/tabs; do every usertab cron yes = "/var/spool/$folder" '*'; done
  every usertab cron yes = /etc/crontabs '*'
  for folder in cron/atjobs at; do every itself cron x '' "/var/spool/$folder" '*'; done
  for folder in /etc /run /usr/local/lib /usr/lib /lib; do
    resolve "$folder/systemd" && case " $known " in *" $RESOLVED "*) continue ;; esac
    known="$known $RESOLVED"
    units "$folder/systemd/system" root
    units "$folder/systemd/user" ''
    every itself systemd x root "$folder/systemd/system-generators" '*'
  done
  for level in S 2 3 4 5; do
    wanted "/etc/rc$level.d" 'S*'
    wanted "/etc/rc.d/rc$level.d" 'S*'
  done
  for file in /etc/rc.local /etc/rc.d/rc.local; do one itself init x root "$file"; done
  for folder in /etc/init.d /etc/rc.d/init.d; do every itself init no root "$folder" '*'; done
  for file in /etc/profile /etc/bash.bashrc /etc/bashrc /etc/zsh/zshenv /etc/zsh/zprofile /etc/zsh/zshrc /etc/zshrc; do
    one itself profile yes '' "$file"
  done
  every itself profile yes '' /etc/profile.d '*'
  every itself profile x root /etc/update-motd.d '*'
  one preload preload yes '' /etc/ld.so.preload
  every desktop xdg yes '' /etc/xdg/autostart '*.desktop'
}

# for_user HOME
for_user() {
  resolve "$1" || return
  [ -d "$ROOT$RESOLVED" ] || return
  if ! [ -x "$ROOT$RESOLVED" ]; then
    echo '#unread'
    return
  fi
  owner=${1##*/}
  units "$1/.config/systemd/user" "$owner"
  units "$1/.local/share/systemd/user" "$owner"
  every desktop xdg yes "$owner" "$1/.config/autostart" '*.desktop'
  for file in .bashrc .bash_profile .bash_login .profile .zshenv .zprofile .zshrc .xprofile .xsessionrc .ssh/rc .config/fish/config.fish; do
    one itself profile yes "$owner" "$1/$file"
  done
}

# Where users live: what passwd says, and the usual places, each once.
homes() {
  resolve /etc/passwd && [ -r "$ROOT$RESOLVED" ] && cut -d: -f6 "$ROOT$RESOLVED"
  for folder in "$ROOT"/home/*; do
    [ ! -d "$folder" ] || encode "${folder#"$ROOT"}"
  done
  echo /root
}

listed() {
  known=
  for_the_system
  homes | awk '/^\/./ { sub(/\/+$/, "") } /^\/./ && !seen[$0]++' | while IFS= read -r folder; do
    case $folder in *\\*) echo '#unread' ;; *) for_user "$folder" ;; esac
  done
}

# What the shell says of each of the paths and commands that awk asks about, in two lines: here (with where it lies),
# big (as above, but too big for what is no program), other (no file, but something), unread, or missing.
# shellcheck disable=SC2016,SC2089  # expanded by the shell that awk starts
LOOK_UP='
command_of() {
  for place in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
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
  listed | awk "$AWK"'
    BEGIN {
      MOST_BYTES = 1048576
      MOST_ENTRIES = 50000
      LONGEST = 32768
      for (i = split("if then else elif do while until ! { exec env sudo nohup time command", word, " "); i > 0; i--) BEFORE[word[i]] = 1
    }

    # contents(file): LINE[1..n] of a file of the host; its last line is ours, and says that it was read to its end.
    function contents(file,   command, n, bytes, line) {
      command = "head -c " MOST_BYTES + 1 " " quoted(ENVIRON["ROOT"] plain(file)) " 2>/dev/null && printf \"\\nEND\\n\""
      while ((command | getline line) > 0) {
        bytes += length(line) + 1
        LINE[++n] = line
      }
      close(command)
      if (LINE[n] != "END") unread++
      else if (bytes > MOST_BYTES + 5) stopped = "count"
      return n - (LINE[n] == "END")
    }

    # words(command): WORD[1..count] are the paths and the commands in it, encoded. What stands in quotes is a word, and
    # when it has blanks, a command as well: `sh -c "…"`; one that is only a command is then missing as a file.
    function words(command) {
      split("", WORD)
      split("", TAKEN)
      return tokens(substr(command, 1, LONGEST), 0, 0)
    }
    function tokens(s, depth, n,   i, c, quote, word, first, blank, set) {
      first = 1
      s = s " "
      for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (quote != "" && c == quote) quote = ""
        else if (quote != "") {
          blank = blank || c ~ /[ \t;|&]/
          word = word c
        } else if (c == "\"" || c == "\047") quote = c
        else if (c == "\\") word = word substr(s, ++i, 1)
        else if (c == "=" && substr(s, i + 1, 1) == "/") {
          set = 1
          word = ""
        } else if (c ~ /[ \t;|&()<>`]/) {
          n = take(word, first, n)
          if (blank && depth < 3) n = tokens(word, depth + 1, n)
          first = c ~ /[;|&(`]/ || (first && (set || word == "" || word in BEFORE || word ~ /^[A-Za-z_][A-Za-z_0-9]*=/))
          word = blank = set = ""
        } else word = word c
      }
      return quote != "" && depth < 3 ? tokens(word, depth + 1, take(word, first, n)) : n
    }
    function take(word, first, n) {
      if (word !~ /^\/./ && !(first && word ~ /^[A-Za-z0-9_.+-]+$/ && !(word in BEFORE))) return n
      word = encoded(word)
      if (word in TAKEN || n >= 32) return n
      TAKEN[word] = 1
      WORD[n + 1] = word
      return n + 1
    }

    # entry(name, command, itself): one that starts a command, or the file of that encoded path itself.
    function entry(name, command, itself,   i, n) {
      if (++entries > MOST_ENTRIES) {
        stopped = "count"
        return
      }
      kind[entries] = sort
      called[entries] = name
      does[entries] = command
      whose[entries] = user
      stands[entries] = location
      asked[entries] = enabled
      if (itself != "") {
        names[entries, 1] = itself
        named[entries] = 1
      } else {
        if (length(command) > LONGEST) unread++
        named[entries] = words(command)
        for (i = 1; i <= named[entries]; i++) names[entries, i] = WORD[i]
      }
      for (i = 1; i <= named[entries]; i++) {
        if (!(names[entries, i] in known)) order[++paths] = names[entries, i]
        known[names[entries, i]] = 1
      }
    }

    # fields(line, n): take n words off; FIELDS are they, and what is left is returned.
    function fields(line, n,   word) {
      for (FIELDS = ""; n > 0; n--) {
        if (!match(line, /^[^ \t]+[ \t]+/)) return ""
        word = substr(line, 1, RLENGTH)
        sub(/[ \t]+$/, "", word)
        FIELDS = FIELDS (FIELDS == "" ? "" : " ") word
        line = substr(line, RLENGTH + 1)
      }
      return line
    }
    function read_table(count,   i, line, when) {
      for (i = 1; i <= count; i++) {
        line = LINE[i]
        sub(/^[ \t]+/, "", line)
        if (line ~ /^#/ || line ~ /^["\047A-Za-z_][^ \t=]*[ \t]*=/) continue
        line = fields(line, reader == "anacrontab" ? 3 : line ~ /^@/ ? 1 : 5)
        when = FIELDS
        if (reader == "crontab") {
          line = fields(line, 1)
          user = FIELDS
        }
        if (line != "") entry(when, line, "")
      }
    }
    function read_unit(count,   i, line, unit, before, runs_as, plan) {
      unit = last(location)
      if (unit ~ /\.conf$/) unit = last(substr(location, 1, length(location) - length(unit) - 3))
      before = entries
      runs_as = user
      for (i = 1; i <= count; i++) {
        line = LINE[i]
        while (line ~ /\\$/ && i < count) line = substr(line, 1, length(line) - 1) " " LINE[++i]
        sub(/^[ \t]+/, "", line)
        if (line ~ /^User[ \t]*=/) runs_as = value(line)
        else if (line ~ /^(On[A-Z][A-Za-z]*|Unit)[ \t]*=/) plan = plan (plan == "" ? "" : "; ") line
        else if (line ~ /^Exec[A-Z][A-Za-z]*[ \t]*=/ && (line = value(line)) != "") {
          sub(/^[-@:+!|]+/, "", line)
          entry(plain(unit), line, "")
        }
      }
      if (unit ~ /\.timer$/) {
        sort = "timer"
        entry(plain(unit), "", "")
        does[entries] = plan
      }
      for (i = before + 1; i <= entries; i++) {
        unit_of[i] = unit
        whose[i] = runs_as
      }
    }
    function read_desktop(count,   i, name, exec) {
      for (i = 1; i <= count; i++) {
        if (LINE[i] ~ /^(Hidden[ \t]*=[ \t]*true|X-GNOME-Autostart-enabled[ \t]*=[ \t]*false)/) enabled = "no"
        else if (LINE[i] ~ /^Name[ \t]*=/ && name == "") name = value(LINE[i])
      }
      for (i = 1; i <= count; i++) {
        if (LINE[i] ~ /^Exec[ \t]*=/) entry(name, value(LINE[i]), "")
      }
    }
    function read_preload(count,   i, k, n, word) {
      for (i = 1; i <= count; i++) {
        sub(/#.*/, "", LINE[i])
        n = split(LINE[i], word, /[ \t:]+/)
        for (k = 1; k <= n; k++) if (word[k] ~ /^\//) entry("ld.so.preload", "", encoded(word[k]))
      }
    }
    function value(line) {
      line = substr(line, index(line, "=") + 1)
      gsub(/^[ \t]+|[ \t\r]+$/, "", line)
      return line
    }
    function last(path) {
      sub(/.*\//, "", path)
      return path
    }

    stopped != "no" { exit }
    /^#unread$/ { unread++; next }
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
        else read_table(count)
      }
    }

    # A service is asked for by itself, or by the timer or socket that is called like it; what stands in `service.d`
    # belongs to every service.
    function is_enabled(i,   unit, stem) {
      if (!(i in unit_of)) return asked[i] == "yes"
      stem = unit = unit_of[i]
      sub(/\.[^.]*$/, "", stem)
      return unit in WANTED || (stem ".timer") in WANTED || (stem ".socket") in WANTED || (kind[i] != "init" && unit !~ /\./)
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
        if (says[path] == "unread" || !(path in says)) lacking = 1
        if (says[path] == "unread" || says[path] == "big" || !(path in says)) unread++
        if (says[path] != "here" || place in tried) continue
        tried[place] = 1
        batch[++n] = ENVIRON["ROOT"] plain(place)
        letters += length(place) + length(ENVIRON["ROOT"])
        if ((n == 64 || letters > 25000) && !hash(batch, n)) return 0
        if (n == 64 || letters > 25000) n = letters = 0
      }
      return hash(batch, n + 0)
    }
    function hash(batch, n,   i, in_time, place) {
      in_time = digest(batch, n)
      for (i = 1; i <= n; i++) {
        place = encoded(substr(batch[i], length(ENVIRON["ROOT"]) + 1))
        if (summed(batch[i])) sums[place] = sums_json(batch[i])
        else if (in_time) {
          unread++
          lacking = 1
        }
      }
      split("", SUM)
      return in_time
    }

    function list(i,   k, path, rows_before) {
      rows_before = rows
      for (k = 1; k <= named[i]; k++) {
        path = names[i, k]
        if (says[path] == "other" || (says[path] == "missing" && path !~ /^\/[^ \t]*$/)) continue
        one(i, path ~ /^\// ? path : lies[path], lies[path])
      }
      if (rows == rows_before) one(i, "", "")
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

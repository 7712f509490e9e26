# shellcheck shell=sh
# What the entries of each kind of file are: functions of the awk that reads them.
# shellcheck disable=SC2016  # awk text, not shell text
READERS='
# contents(file): LINE[1..n] of a file of the host; its last line is ours, and says that it was read to its end.
function contents(file,   command, n, bytes, line) {
  command = "head -c " MOST_BYTES + 1 " " quoted(ENVIRON["ROOT"] plain(file)) " 2>/dev/null && printf \"\\nEND\\n\""
  while ((command | getline line) > 0) {
    bytes += length(line) + 1
    LINE[++n] = line
  }
  close(command)
  if (LINE[n] != "END") unreadable(file)
  else if (bytes > MOST_BYTES + 5) stopped = "count"
  return n - (LINE[n] == "END")
}

# unreadable(file): entries may stand in it; one that vanished meanwhile holds none.
function unreadable(file,   names) {
  names[1] = ENVIRON["ROOT"] plain(file)
  unsummed(names, 1)
  if (WHY[names[1]] != "gone") stops("file", file, substr(WHY[names[1]], index(WHY[names[1]], " ") + 1))
}

# words(command): WORD[1..count] are the paths and the commands in it, encoded. What stands in quotes is a word, and
# when it has blanks, a command as well: `sh -c "…"`. One that is only a command is then missing as a file, as is one
# whose file was removed; see is_command.
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
    if (length(command) > LONGEST) note("other", location, 7)
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
# The programs of a rule stand in quotes behind their keys; a rule may go on in the next line.
function read_rules(count,   i, line, command) {
  for (i = 1; i <= count; i++) {
    line = LINE[i]
    while (line ~ /\\$/ && i < count) line = substr(line, 1, length(line) - 1) LINE[++i]
    if (line ~ /^[ \t]*#/) continue
    line = swap(line, "\\\"", "\047")
    while (match(line, /(^|[ \t,])(RUN|PROGRAM|(RUN|IMPORT)[{]program[}])[ \t]*[+:=]?=[ \t]*e?"/)) {
      line = substr(line, RSTART + RLENGTH)
      command = line
      sub(/".*/, "", command)
      if (command != "") entry(plain(last(location)), command, "")
    }
  }
}
# id:levels:action:command
function read_inittab(count,   i, line, part) {
  for (i = 1; i <= count; i++) {
    line = LINE[i]
    if (line ~ /^[ \t]*#/ || split(line, part, ":") < 4) continue
    sub(/^[^:]*:[^:]*:[^:]*:[-+@]?/, "", line)
    enabled = part[3] == "off" ? "no" : "yes"
    if (line != "") entry(part[1], line, "")
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
'

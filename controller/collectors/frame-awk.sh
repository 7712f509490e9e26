# shellcheck shell=sh
# The awk that every Linux collector shares: how rows, roots and unread items are written, and how files are hashed. It is
# sent behind frame.sh.

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

# One more item that could not be read, by its `encoded` path; `stops` says that without it the look is no whole one.
function note(kind, path, error) {
  if (++unread > 200) return
  path = json(substr(plain(path), 1, 4096))
  item[unread] = "#unread {\"kind\":\"" kind "\",\"path\":" path ",\"error\":" error + 0 "}"
}
function stops(kind, path, error) {
  note(kind, path, error)
  lacking = 1
}
function root(state, asked, resolved, volume) {
  if (++roots > 1000) stops("other", "more than 1000 roots and volumes", 0)
  else ROOTS[roots] = "#root {\"state\":\"" state "\",\"asked\":" name_json(asked) ",\"resolved\":" \
    name_json(resolved) ",\"volume\":" json(volume) "}"
}

# The number that Linux gives to an error, from the text that programs print; glibc and musl differ in one of them.
function errno(text,   at) {
  at = split(text, ERROR_TEXT, ": ")
  return ERROR_TEXT[at] in ERROR_NUMBER ? ERROR_NUMBER[ERROR_TEXT[at]] : 0
}

# `lacking` says that we have not what the question needs: rights, or a program that hashes.
function row(s) {
  print s
  rows++
  written += length(s) + 1
}
function finish(   i, named) {
  if (roots > 1000) roots = 1000
  for (i = 1; i <= roots; i++) print ROOTS[i]
  named = unread > 200 ? 200 : unread + 0
  for (i = 1; i <= named; i++) print item[i]
  if (stopped == "no" && (lacking || (unread > 0 && ENVIRON["ELEVATED"] != "yes"))) stopped = "denied"
  print "#end " rows + 0 " unread=" unread + 0 " stopped=" stopped " roots=" roots + 0 " named=" named
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

# unsummed(names, n): WHY[name] of the files that could not be hashed: gone, `program ERRNO` or `file ERRNO`. A file
# that vanished after it was listed is no unread item.
function unsummed(names, n,   i, from, command, line) {
  split("", WHY)
  for (i = from = 1; i <= n + 1; i++) {
    if (i <= n && length(command) < 25000) {
      command = command " " quoted(names[i])
      continue
    }
    if (command == "") break
    command = "sh -c " quoted(ENVIRON["UNSUMMED"]) " sh" command
    while ((command | getline line) > 0) {
      WHY[names[from++]] = line ~ /^gone/ ? "gone" : substr(line, 1, index(line, " ")) errno(line)
    }
    close(command)
    from = i
    command = i <= n ? " " quoted(names[i]) : ""
  }
}

BEGIN {
  for (i = 1; i < 32; i++) CODE[sprintf("%c", i)] = i
  CONTROL = "[\001-\037]"
  split("sha256 sha1 md5", ORDER, " ")
  stopped = "no"
  split("Operation not permitted=1,No such file or directory=2,Input/output error=5,I/O error=5,Permission denied=13," \
    "Not a directory=20,Too many levels of symbolic links=40,File name too long=36,Filename too long=36," \
    "Transport endpoint is not connected=107,Socket not connected=107,Stale file handle=116," \
    "Required key not available=126", tools, ",")
  for (i in tools) ERROR_NUMBER[substr(tools[i], 1, index(tools[i], "=") - 1)] = substr(tools[i], index(tools[i], "=") + 1)
  n = split(ENVIRON["TOOLS"], tools, "\n")
  for (i = 1; i <= n; i++) {
    at = index(tools[i], "=")
    if (at == length(tools[i])) stops("other", "no program computes " substr(tools[i], 1, at - 1), 2)
    else TOOL[substr(tools[i], 1, at - 1)] = substr(tools[i], at + 1)
  }
}
'

# Print the arguments on one line, encoded.
# shellcheck disable=SC2016,SC2089
ENCODE='BEGIN { for (i = 1; i < ARGC; i++) printf "%s%s", encoded(ARGV[i]), i < ARGC - 1 ? " " : "\n" }'

# Why a file could not be hashed. It is a program by its bits, by its beginning where that can be read, or by its name.
# shellcheck disable=SC2016,SC2089  # expanded by the shell that awk starts
UNSUMMED='
for file; do
  if ! [ -f "$file" ]; then
    echo gone
    continue
  fi
  sort=file
  if [ -x "$file" ]; then sort=program; fi
  case $(head -c 4 "$file" 2>/dev/null | tr "\000\n" "  ") in ?ELF | MZ* | "#!"*) sort=program ;; esac
  case $file in
    *.so | *.so.[0-9]* | *.ko | *.sh | *.py | *.pl | *.php | *.jar | *.bin | *.run | *.exe | *.dll | *.AppImage) sort=program ;;
  esac
  echo "$sort $(head -c 1 "$file" 2>&1 >/dev/null | tail -n 1)"
done'
# shellcheck disable=SC2090
export UNSUMMED

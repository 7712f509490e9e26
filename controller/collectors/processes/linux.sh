# shellcheck shell=sh
# Every running program: its image, the SHA-256 of that image, its command line. Reads only; see spec.yaml.
#
# The image is hashed through /proc/PID/exe, so that a program whose file was deleted is hashed too. Kernel threads
# and dead processes have no image and are left out. On a mounted disk /proc/PID/exe is a link within that disk.

COLLECTOR=processes

# One line for each fact. Those of grep begin with the name of the file they come from, those of ours with @,
# `stat` adds a =; no name and no argument can look like another line, because each is one line.
facts() {
  for folder; do
    [ -L "$folder/exe" ] || [ -r "$folder/status" ] || continue
    image "$folder"
    printf '@ %s %s %s\n' "${folder##*/}" "$STATE" "$(encode "$IMAGE")"
  done
  stat -L -c '= %d:%i %n' "$ROOT"/proc/[0-9]*/exe 2>/dev/null
  grep -HsE '^(Name|PPid|Uid|VmSize):' "$ROOT"/proc/[0-9]*/status
  grep -aHsz '' "$ROOT"/proc/[0-9]*/cmdline | tr '\n\000' ' \n'
}

collect() {
  choose_tools
  SELF=$$
  export SELF
  set -- "$ROOT"/proc/[0-9]* # before we start anything more
  facts "$@" | awk "$AWK"'
    BEGIN { PROC = ENVIRON["ROOT"] "/proc/" }

    # `fact`: what stands behind /proc/PID/FILE: on a line of grep; sets `pid` and `source`.
    function fact(line,   at) {
      line = substr(line, length(PROC) + 1)
      at = index(line, "/")
      pid = substr(line, 1, at - 1)
      line = substr(line, at + 1)
      at = index(line, ":")
      source = substr(line, 1, at - 1)
      return substr(line, at + 1)
    }
    /^@ / {
      order[++count] = $2
      state[$2] = $3
      path[$2] = substr($0, length($2 $3) + 5)
      next
    }
    /^= / {
      image[pid_of(substr($0, length($2) + 4))] = $2
      next
    }
    {
      value = fact($0)
      if (source == "cmdline") {
        if (!(pid in command)) command[pid] = value
        else if (length(command[pid]) < 8192) command[pid] = command[pid] " " value
      } else {
        split(value, word, "\t")
        if (word[1] == "Name:") name[pid] = substr(value, 7)
        else if (word[1] == "PPid:") parent[pid] = word[2] + 0
        else if (word[1] == "Uid:") user[pid] = word[3]
        else if (word[1] == "VmSize:") living[pid] = 1
      }
    }

    # Ours are this shell and what it started; a mounted disk has none.
    function is_own(pid,   steps) {
      if (ENVIRON["LIVE"] != "yes") return 0
      for (steps = 0; steps < 64 && pid > 1; steps++) {
        if (pid == ENVIRON["SELF"]) return 1
        pid = pid in parent ? parent[pid] : 0
      }
      return 0
    }

    # is_over(pid): it ended while we looked, so that nothing is left to be read.
    function is_over(pid,   status, line, seen) {
      if (ENVIRON["LIVE"] != "yes") return 0
      status = PROC pid "/status"
      while ((getline line < status) > 0) if (line ~ /^VmSize:/) seen = 1
      close(status)
      return !seen
    }

    # Hash each image once; one whose process ended meanwhile is tried again through the others that run it.
    function hash_all(   round, i, n, names, tried, key) {
      for (round = 1; round <= 2; round++) {
        n = 0
        for (i = 1; i <= count; i++) {
          key = key_of(order[i])
          if (state[order[i]] == "unread" || key in known || (round == 1 && key in tried)) continue
          tried[key] = 1
          names[++n] = exe(order[i])
          if (n == 64 && !hash(names, n)) return 0
          n = n % 64
        }
        if (!hash(names, n)) return 0
      }
      return 1
    }
    function hash(names, n,   i, in_time) {
      in_time = digest(names, n)
      for (i = 1; i <= n; i++) {
        if (summed(names[i])) known[key_of(pid_of(names[i]))] = sums_json(names[i])
      }
      split("", SUM)
      return in_time
    }
    function exe(pid) { return PROC pid "/exe" }
    function pid_of(file) { return substr(file, length(PROC) + 1, length(file) - length(PROC) - 4) }
    function key_of(pid) { return pid in image ? image[pid] : "pid " pid }

    function list(pid, in_time,   key) {
      key = key_of(pid)
      if (in_time && !(key in known)) {
        if (is_over(pid)) return
        unread++
        lacking = 1
      }
      row("{\"pid\":" pid ",\"parent\":" parent[pid] + 0 ",\"name\":" json(name[pid]) \
        ",\"path\":" name_json(path[pid]) (key in known ? known[key] : sums_json("")) \
        ",\"command_line\":" json(substr(command[pid], 1, 8192)) ",\"user\":" json(user[pid]) \
        ",\"deleted\":" boolean(state[pid] == "deleted") ",\"own\":" boolean(is_own(pid)) "}")
    }
    END {
      in_time = hash_all()
      if (!in_time) stopped = "time"
      for (i = 1; i <= count; i++) {
        pid = order[i]
        if (state[pid] == "unread" && !(pid in living) && command[pid] == "") continue
        list(pid, in_time)
      }
      finish()
    }'
}

main "$@" </dev/null

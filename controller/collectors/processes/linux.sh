# shellcheck shell=sh
# Every running program: its image, the SHA-256 of that image, its command line. Reads only; see spec.yaml.
#
# The image is hashed through /proc/PID/exe, so that a program whose file was deleted, lies in memory only or in another
# mount namespace is hashed too. The kernel's own threads and dead processes have no image and are left out. On a
# mounted disk /proc/PID/exe is a link within that disk.

COLLECTOR=processes

collect() {
  choose_tools
  SELF=$$ SEES_OTHERS=yes
  knows_us || SELF=none
  [ "$LIVE" = no ] || [ -r /proc/1/status ] || SEES_OTHERS=no
  export SELF SEES_OTHERS
  # On a mounted disk a link in the place of /proc would lead to the processes of another system.
  if { [ "$LIVE" = no ] && [ -L "$ROOT/proc" ]; } || ! cd "$ROOT/proc" 2>/dev/null; then set --; else set -- [0-9]*; fi
  facts "$@" | awk "$AWK"'
    BEGIN {
      PROC = ENVIRON["ROOT"] "/proc/"
      LIVE = ENVIRON["LIVE"] == "yes"
    }
    /^#list / { list = $2 + 0; next }
    /^@ / {
      order[++count] = $2
      seen_in[$2] = list
      state[$2] = $3
      task[$2] = $4
      path[$2] = substr($0, length($2 $3 $4) + 6)
      next
    }
    /^\* / {
      parent[$2] = $3 + 0
      name[$2] = plain(substr($0, length($2 $3) + 5))
      next
    }
    /^= / {
      file = substr($0, length($2) + 4)
      image[substr(file, 1, index(file, "/") - 1)] = $2
      next
    }
    {
      pid = substr($0, 1, index($0, "/") - 1)
      value = substr($0, length(pid) + 2)
      source = substr(value, 1, index(value, ":") - 1)
      value = substr(value, length(source) + 2)
      if (source == "cmdline") {
        if (!(pid in command)) command[pid] = value
        else if (length(command[pid]) < 8192) command[pid] = command[pid] " " value
      } else {
        split(value, word, "\t")
        if (word[1] == "Name:") name[pid] = substr(value, 7)
        else if (word[1] == "PPid:") parent[pid] = word[2] + 0
        else if (word[1] == "Uid:") user[pid] = word[3]
      }
    }

    # Ours are this shell and what it started; a mounted disk has none.
    function is_own(pid,   steps) {
      if (!LIVE) return 0
      for (steps = 0; steps < 64 && pid > 1; steps++) {
        if (pid == ENVIRON["SELF"]) return 1
        pid = pid in parent ? parent[pid] : 0
      }
      return 0
    }

    # The kernel starts its own threads through kthreadd, which is process 2 and has no parent; no other process can be
    # a child of it. An empty command line proves nothing.
    function is_kernel(pid) {
      return name[2] == "kthreadd" && parent[2] == 0 && (pid == 2 || parent[pid] == 2)
    }
    function is_over(pid,   line, read) {
      if (!LIVE) return 0
      read = (getline line < (PROC pid "/stat")) > 0
      close(PROC pid "/stat")
      return !read || line ~ /\) [ZX] [0-9]/
    }

    # Hash each image once; one whose process ended meanwhile is tried again through the others that run it.
    function hash_all(   round, i, n, names, tried, key) {
      for (round = 1; round <= 2; round++) {
        n = 0
        for (i = 1; i <= count; i++) {
          key = key_of(order[i])
          if (!has_image(order[i]) || key in known || (round == 1 && key in tried)) continue
          tried[key] = 1
          names[++n] = exe(order[i])
          if (n == 64 && !hash(names, n)) return 0
          n = n % 64
        }
        if (!hash(names, n)) return 0
      }
      return 1
    }
    function hash(names, n,   i, in_time, pid) {
      in_time = digest(names, n)
      for (i = 1; i <= n; i++) {
        pid = substr(names[i], length(PROC) + 1)
        pid = substr(pid, 1, index(pid, "/") - 1)
        if (summed(names[i])) known[key_of(pid)] = sums_json(names[i])
      }
      split("", SUM)
      return in_time
    }
    function has_image(pid) { return state[pid] == "here" || state[pid] == "deleted" }
    function exe(pid) { return PROC pid "/" (task[pid] == "-" ? "" : "task/" task[pid] "/") "exe" }
    function key_of(pid) { return pid in image ? image[pid] : "pid " pid }

    # by_path(pid): hash what lies at the path of a program that ended before its image could be hashed. It is the
    # image only when it is the very file that ran; else the process counts as one that was not read.
    function by_path(pid,   names, command, inode) {
      names[1] = plain(path[pid])
      if (names[1] !~ /^\// || !digest(names, 1) || !summed(names[1])) return 0
      known[key_of(pid)] = sums_json(names[1])
      split("", SUM)
      command = "stat -c %d:%i " quoted(names[1]) " 2>/dev/null"
      command | getline inode
      close(command)
      if (!(pid in image) || inode != image[pid]) vanished(pid)
      return 1
    }
    function vanished(pid) {
      left_in[name[pid]] = left_in[name[pid]] " " seen_in[pid] " "
      if (is_orphan(pid)) orphans = orphans " " seen_in[pid] " "
    }
    # A short-lived program has a parent that waits for it; one that starts itself anew and ends has none.
    function is_orphan(pid,   above) {
      above = parent[pid]
      return above <= 1 || !(above in state) || state[above] == "over" || name[above] == "systemd"
    }
    function in_all(lists,   i) {
      for (i = 1; i <= 5; i++) if (!index(lists, " " i " ")) return 0
      return 1
    }

    # A program name that is left in each of five lists starts itself anew all the time, and so does a program without a
    # parent under changing names. What is left in the last list only may be any short-lived program.
    function note_vanished(   each, anew) {
      for (each in left_in) {
        if (each != "" && in_all(left_in[each])) {
          note("program", encoded("a program that keeps restarting: " each), 0)
          anew = 1
        } else if (index(left_in[each], " 5 ")) note("process", encoded(each == "" ? "(ended before its name was read)" : each), 0)
      }
      if (!anew && in_all(orphans)) note("program", "a program that keeps restarting under changing names", 0)
    }

    # lost(pid): say of a process without sums what it is; true when it has no row.
    function lost(pid) {
      if (state[pid] == "over" || (state[pid] == "unread" && (is_kernel(pid) || is_over(pid)))) {
        if (!is_kernel(pid)) vanished(pid)
        return 1
      }
      if (state[pid] == "here" && is_over(pid) && by_path(pid)) return 0
      note("program", has_image(pid) ? path[pid] : encoded("/proc/" pid " " name[pid]), 0)
      return 0
    }
    function show(pid, in_time,   key) {
      if (seen_in[pid] > 1 && is_own(pid)) return
      key = key_of(pid)
      if (in_time && !(has_image(pid) && key in known) && lost(pid)) return
      if (!in_time && !has_image(pid) && is_kernel(pid)) return
      row("{\"pid\":" pid ",\"parent\":" parent[pid] + 0 ",\"name\":" json(name[pid]) \
        ",\"path\":" name_json(path[pid]) (key in known ? known[key] : sums_json("")) \
        ",\"command_line\":" json(substr(command[pid], 1, 8192)) ",\"user\":" json(user[pid]) \
        ",\"deleted\":" boolean(state[pid] == "deleted") ",\"own\":" boolean(is_own(pid)) "}")
    }
    END {
      in_time = hash_all()
      if (!in_time) stopped = "time"
      if (LIVE && !(ENVIRON["SELF"] in state)) stops("process", "/proc/self", 2)
      if (ENVIRON["SEES_OTHERS"] != "yes") stops("process", "/proc/1", 13)
      for (i = 1; i <= count; i++) show(order[i], in_time)
      note_vanished()
      finish()
    }'
}

main "$@" </dev/null

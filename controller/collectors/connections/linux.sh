# shellcheck shell=sh
# Every TCP socket of every network namespace, and the processes that hold it. Reads only; see spec.yaml.
#
# The kernel's tables name a socket by its inode, and /proc/PID/fd tells who holds which inode. They are read one after
# the other: a socket that is closed in between has no owner.

COLLECTOR=connections

# The kernel's tables, namespace by namespace. A mounted disk shows at most the one that its own /proc has.
tables() {
  if [ "$LIVE" = no ]; then
    resolve /proc/net/tcp && table "$ROOT${RESOLVED%/tcp}"
    return
  fi
  stat -L -c '%d:%i %n' /proc/self/ns/net /proc/[0-9]*/ns/net 2>/dev/null | awk '!seen[$1]++ { print $2 }' |
    while IFS= read -r space; do table "${space%/ns/net}/net"; done
}
table() {
  [ -f "$1/tcp" ] && [ -r "$1/tcp" ] || return
  echo '#table'
  for file in "$1/tcp" "$1/tcp6"; do
    [ ! -f "$file" ] || cat "$file" 2>/dev/null || printf '#unread %s\n' "${file#"$ROOT"}"
  done
}

# `= MODE INODE FILE` for each thing that a process of the running system holds. On a mounted disk the links of
# /proc/PID/fd lead nowhere; what they say is what there is.
held() {
  if [ "$LIVE" = yes ]; then
    printf '%s\n' /proc/[0-9]*/fd/[0-9]* | xargs -n 1000 stat -L -c '= %f %i %n' 2>/dev/null
    return
  fi
  for file in "$ROOT"/proc/[0-9]*/fd/[0-9]*; do
    inode=$(readlink "$file" 2>/dev/null) inode=${inode#socket:[} inode=${inode%]}
    pid=${file%/fd/*} pid=${pid##*/}
    case $inode$pid in *[!0-9]*) ;; *) echo "= c1ff $inode /proc/$pid/fd/" ;; esac
  done
}

# Names travel as in `processes`: a line of grep begins with its file, one of ours with @.
facts() {
  tables
  held
  for folder in "$ROOT"/proc/[0-9]*; do
    [ -L "$folder/exe" ] || continue
    image "$folder"
    printf '@ %s %s\n' "${folder##*/}" "$(encode "$IMAGE")"
  done
  grep -HsE '^(Name|PPid):' "$ROOT"/proc/[0-9]*/status
}

collect() {
  SELF=$$ SEES_OTHERS=yes
  knows_us || SELF=none
  [ "$LIVE" = no ] || { [ "$ELEVATED" = yes ] && [ -r /proc/1/status ]; } || SEES_OTHERS=no
  export SELF SEES_OTHERS
  facts | awk "$AWK"'
    BEGIN {
      PROC = ENVIRON["ROOT"] "/proc/"
      LIVE = ENVIRON["LIVE"] == "yes"
      split("established syn_sent syn_received fin_wait_1 fin_wait_2 time_wait closed close_wait last_ack listen closing", STATE, " ")
      STATE[12] = "syn_received"
    }

    # The kernel writes each 32 bits of an address as the number that they are on a machine whose lowest byte is first.
    function number(hex,   i, n) {
      for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1
      return n
    }
    function byte(hex, i) { return substr(hex, length(hex) - 2 * i + 1, 2) }
    function ipv4(hex) {
      return number(byte(hex, 1)) "." number(byte(hex, 2)) "." number(byte(hex, 3)) "." number(byte(hex, 4))
    }
    function ipv6(hex,   i, word, out) {
      for (i = 1; i <= 25; i += 8) {
        word = substr(hex, i, 8)
        out = out sprintf(":%x:%x", number(byte(word, 1) byte(word, 2)), number(byte(word, 3) byte(word, 4)))
      }
      return short(substr(out, 2))
    }
    # The longest run of zeros becomes `::`.
    function short(s,   run, n) {
      for (n = 8; n > 1; n--) {
        run = substr("0:0:0:0:0:0:0:0", 1, 2 * n - 1)
        if (!match(":" s ":", ":" run ":")) continue
        return substr(s, 1, RSTART > 1 ? RSTART - 2 : 0) "::" substr(s, RSTART + 2 * n)
      }
      return s
    }
    function address(hex) {
      if (length(hex) == 8) return ipv4(hex)
      return hex ~ /^0000000000000000FFFF0000/ ? ipv4(substr(hex, 25)) : ipv6(hex)
    }

    /^#table$/ { tables++; next }
    /^#unread / { if (exists(substr($0, 9))) stops("file", substr($0, 9), 0); next }
    /^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ / {
      if ($10 !~ /^[0-9]+$/ || split($2 ":" $3, end, ":") != 4 || length(end[1]) != length(end[3])) next
      count++
      space[count] = tables
      state[count] = number($4)
      here[count] = end[1]
      port[count] = number(end[2])
      there[count] = end[3]
      far[count] = number(end[4])
      inode[count] = $10
      wanted[$10] = 1
      if (state[count] == 10) listened[tables, port[count]] = 1
      next
    }
    /^= c[0-9a-f]* / {
      if (!($3 in wanted)) next
      pid = substr($4, 7)
      sub(/\/.*/, "", pid)
      if (index(holders[$3] " ", " " pid " ") == 0) holders[$3] = holders[$3] " " pid
      next
    }
    /^[=] / { next }
    /^@ / {
      path[$2] = substr($0, length($2) + 4)
      next
    }
    index($0, PROC) == 1 {
      line = substr($0, length(PROC) + 1)
      pid = substr(line, 1, index(line, "/") - 1)
      if (index(line, "/status:PPid:") > 0) parent[pid] = substr(line, length(pid) + 15) + 0
      else if (index(line, "/status:Name:") > 0) name[pid] = substr(line, length(pid) + 15)
    }

    # What this shell descends from holds the connection that it was sent over.
    function descent(   pid, steps) {
      for (pid = ENVIRON["SELF"]; LIVE && pid > 1 && steps++ < 64; pid = parent[pid]) above[pid] = 1
    }
    function direction(i) {
      if (state[i] == 10) return "listening"
      return (space[i], port[i]) in listened ? "inbound" : "outbound"
    }
    # A service of the kernel, such as NFS, holds its sockets itself: its clients are one item together with their port.
    function ownerless(i,   end) {
      end = direction(i) == "outbound" ? "to " address(there[i]) " port " far[i] : "on port " port[i]
      if (!((space[i], end) in noted)) note("process", "no process holds the socket " end, 0)
      noted[space[i], end] = 1
    }
    # A namespace whose last process has ended takes its table with it.
    function exists(file,   command, word) {
      command = "if [ -e " quoted(ENVIRON["ROOT"] file) " ]; then echo yes; fi"
      command | getline word
      close(command)
      return word == "yes"
    }
    function list(i, pid,   way, open) {
      way = direction(i)
      open = way != "listening"
      row("{\"direction\":\"" way "\",\"state\":\"" STATE[state[i]] "\",\"local_address\":\"" address(here[i]) \
        "\",\"local_port\":" port[i] ",\"remote_address\":\"" (open ? address(there[i]) : "") \
        "\",\"remote_port\":" (open ? far[i] : 0) ",\"pid\":" pid + 0 ",\"name\":" json(name[pid]) \
        ",\"path\":" name_json(path[pid]) ",\"own\":" boolean(way == "inbound" && pid in above) "}")
      if (written > 7500000 && stopped == "no") stopped = "count"
    }
    END {
      descent()
      for (i = 1; i <= count && stopped == "no"; i++) {
        n = split(holders[inode[i]], pids, " ")
        if (n == 0) list(i, "")
        for (k = 1; k <= n; k++) list(i, pids[k])
        if (n > 0) owned++
        else if (inode[i] != 0) ownerless(i)
      }
      # No table: nothing could answer. Without root the namespaces and programs of others stay hidden; and where
      # not one owner can be told, it is not the sockets that are at fault.
      if (!tables) stops("file", "/proc/net/tcp", 2)
      if (ENVIRON["SEES_OTHERS"] != "yes") stops("process", "/proc/1", 13)
      if (ENVIRON["SELF"] == "none") stops("process", "/proc/self", 2)
      if (unread > 4 && !owned) lacking = 1
      if (left() <= 0 && stopped == "no") stopped = "time"
      finish()
    }'
}

main "$@" </dev/null

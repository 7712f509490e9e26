# shellcheck shell=sh
# Who this machine is, with which rights we stand on it, its clock and its free space. Reads only; see spec.yaml.

COLLECTOR=host

# first_line FILE: print it; nothing when it cannot be read.
first_line() {
  [ -f "$1" ] && [ -r "$1" ] || return 0
  line=
  IFS= read -r line 2>/dev/null <"$1"
  printf '%s\n' "$line"
}

# Physical network cards only, and only addresses that the card was made with.
macs() {
  for card in "$ROOT"/sys/class/net/*; do
    name=${card##*/}
    if [ "$name" = lo ] || [ -e "$ROOT/sys/devices/virtual/net/$name" ]; then continue; fi
    case $(first_line "$card/addr_assign_type") in '' | 0) first_line "$card/address" ;; esac
  done
}

# Bytes free for the product's folder; -1 when that cannot be told.
free_bytes() {
  place=$ROOT/var/lib
  [ -d "$place" ] || place=$ROOT/
  df -Pk "$place" 2>/dev/null | awk '
    NR == 2 { for (i = NF; i > 1; i--) if ($i ~ /^[0-9]+%$/ && $(i - 1) ~ /^[0-9]+$/) { free = $(i - 1) * 1024; seen = 1; break } }
    END { printf "%.0f\n", seen ? free : -1 }'
}

system_name() {
  [ -r "$ROOT/etc/os-release" ] || return 0
  awk '
    /^(PRETTY_NAME|NAME)=/ {
      at = index($0, "=")
      value[substr($0, 1, at - 1)] = substr($0, at + 1)
    }
    END {
      name = "PRETTY_NAME" in value ? value["PRETTY_NAME"] : value["NAME"]
      gsub(/^["\047]|["\047]$/, "", name)
      print name
    }' "$ROOT/etc/os-release"
}

computer_name() {
  if [ "$LIVE" = yes ]; then uname -n; else first_line "$ROOT/etc/hostname"; fi
}

collect() {
  firmware=$ROOT/sys/class/dmi/id
  kernel=$ROOT/proc/sys/kernel
  awk "$AWK"'
    function texts(s,   list, n, i, out) {
      n = split(s, list, "\n")
      for (i = 1; i <= n; i++) out = out (i > 1 ? "," : "") json(list[i])
      return "[" out "]"
    }
    function add(name, value) { line = line (line == "" ? "{" : ",") "\"" name "\":" value }
    BEGIN {
      add("computer_name", json(ARGV[1]))
      add("platform", "\"linux\"")
      add("system", json(ARGV[2]))
      add("kernel", json(ARGV[3]))
      add("user", json(ARGV[4]))
      add("elevated", boolean(ENVIRON["ELEVATED"] == "yes"))
      add("machine_id", json(ARGV[5]))
      add("boot_id", json(ARGV[6]))
      add("uuid", json(ARGV[7]))
      add("serial", json(ARGV[8]))
      add("macs", texts(ARGV[9]))
      add("clock", ARGV[10])
      add("free_bytes", ARGV[11])
      add("powershell", "\"\"")
      add("language_mode", "\"\"")
      row(line "}")
      finish()
    }' \
    "$(computer_name)" "$(system_name)" "$(first_line "$kernel/osrelease")" "$(id -u)" \
    "$(first_line "$ROOT/etc/machine-id")" "$(first_line "$kernel/random/boot_id")" \
    "$(first_line "$firmware/product_uuid")" "$(first_line "$firmware/product_serial")" \
    "$(macs)" "$(date +%s)" "$(free_bytes)"
}

main "$@" </dev/null

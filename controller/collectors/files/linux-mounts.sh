# shellcheck shell=sh
# Which file systems lie below a root, and what becomes of each: `enter` (of this computer), `stop` (of another one, or
# not mounted yet: not entered, and the look is stopped with its path) or `skip` (shows what the kernel or a program
# makes up: not counted). The kernel's own table decides, so that no dead server is asked for anything.
#
# A type that is in none of these lists is entered: file systems of a network are few and known. FUSE is the other
# way round, because anybody may write one, and most of them bring a network. What GNOME and the sandboxes of desktop
# programs mount below /run/user on every desktop (gvfsd-fuse, portal) shows files of other places and refuses even root.
# Sources: proc(5), mount(8) and the file systems of Linux 6.12.
# shellcheck disable=SC2016  # awk text, not shell text
MOUNTS='
BEGIN {
  REAL = ENVIRON["REAL"]
  DEPTH = ENVIRON["DEPTH"]
  words("skip", "proc sysfs devpts cgroup cgroup2 securityfs debugfs tracefs configfs pstore bpf efivarfs mqueue " \
    "hugetlbfs fusectl binfmt_misc rpc_pipefs nfsd selinuxfs smackfs nsfs pipefs sockfs openpromfs resctrl oprofilefs " \
    "fuse.gvfsd-fuse fuse.portal fuse.lxcfs")
  words("stop", "autofs nfs nfs4 cifs smb3 smbfs ncpfs afs coda ceph 9p virtiofs lustre gpfs beegfs orangefs pvfs2 davfs " \
    "vboxsf vmhgfs prl_fs")
  words("enter", "fuseblk fuse.exfat fuse.mergerfs fuse.unionfs fuse.unionfs-fuse fuse.encfs fuse.gocryptfs fuse.cryfs " \
    "fuse.bindfs fuse.squashfuse fuse.squashfuse_ll fuse.snapfuse fuse.fuse-overlayfs")
}
function words(class, list,   i, n, type) {
  n = split(list, type, " ")
  for (i = 1; i <= n; i++) CLASS[type[i]] = class
}
function class_of(m) {
  if (kind[m] in CLASS) return CLASS[kind[m]]
  return kind[m] ~ /^fuse/ && source[m] !~ /^\/dev\// ? "stop" : "enter"
}
# The kernel writes blanks, tabs, line ends and backslashes as three digits.
function unescaped(s,   out, at) {
  while ((at = index(s, "\\")) > 0) {
    out = out substr(s, 1, at - 1) sprintf("%c", 64 * substr(s, at + 1, 1) + 8 * substr(s, at + 2, 1) + substr(s, at + 3, 1))
    s = substr(s, at + 4)
  }
  return out s
}
# ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS
{
  for (at = 7; at <= NF && $at != "-"; at++) continue
  order[++count] = $1
  parent[$1] = $2
  device[$1] = $3
  point[$1] = unescaped($5)
  kind[$1] = $(at + 1)
  source[$1] = $(at + 2)
  child[$2, point[$1]] = $1
}

# visible(m): it is not hidden by a mount over it, or over a folder above it, that came later.
function visible(m,   above, path) {
  if (m in seen) return seen[m]
  above = parent[m]
  seen[m] = 1
  if (!(above in point) || above == m) return 1
  seen[m] = visible(above) && (point[m] == point[above] || !((above, point[above]) in child))
  path = point[m]
  while (seen[m] && length(path) > length(point[above]) + 1) {
    sub("/[^/]*$", "", path) # busybox takes a backslash in brackets for itself
    if (path != point[above] && (above, path) in child) seen[m] = 0
  }
  return seen[m]
}
function on_top(m) { return visible(m) && !((m, point[m]) in child) }
function is_below(path, folder) { return folder == "" || folder == "/" || index(path "/", folder "/") == 1 }

# home_of(path): the mount that holds it.
function home_of(path,   i, best) {
  for (i = 1; i <= count; i++) {
    if (on_top(order[i]) && is_below(path, point[order[i]]) && (best == "" || length(point[order[i]]) >= length(point[best])))
      best = order[i]
  }
  return best
}
# fate(m): what becomes of a mount below the root, also of one below another: `start` is one that is to be entered and
# can be reached by its own path only.
function fate(m,   i, above, class) {
  class = class_of(m)
  if (DEPTH != "" && level(m) > DEPTH) return "none"
  if (DEPTH != "" && level(m) == DEPTH) return class == "enter" ? "none" : "skip"
  for (i = 1; i <= count; i++) {
    above = order[i]
    if (above == m || !on_top(above) || !is_strictly_below(point[above]) || !is_below(point[m], point[above])) continue
    if (class_of(above) == "stop") return "none"
    if (class_of(above) == "skip") return class == "enter" && DEPTH == "" ? "start" : "none"
  }
  return class
}
function level(m,   rest) {
  rest = substr(point[m], length(REAL) + 1)
  return gsub(/\//, "", rest)
}
function is_strictly_below(path) { return path != REAL && path != "/" && is_below(path, REAL) }
function pattern(path,   i, c, out) {
  for (i = 1; i <= length(path); i++) out = out (index("[]*?\\", c = substr(path, i, 1)) ? "\\" c : c)
  return quoted(out)
}
function inside(path) {
  path = substr(path, length(ENVIRON["ROOT"]) + 1)
  return encoded(path == "" ? "/" : path)
}

# WORDS asks for words of find: `starts` (what it starts from, and how deep) or `prunes` (what it leaves out). Else a line
# for each file system: `own CLASS TYPE SOURCE`, then `CLASS SOURCE PATH` (of one that is entered as it lies in our root,
# else its whole path), and `double` when two of them are one.
END {
  home = home_of(REAL) # none where our root is a folder of another system (chroot)
  devices[device[home]] = 1
  starts = quoted(REAL == "" ? "/" : REAL)
  prunes = "-path " pattern(ENVIRON["ROOT"] "/proc") " -o -path " pattern(ENVIRON["ROOT"] "/sys")
  if (ENVIRON["WORDS"] == "") print "own", home == "" ? (count ? "enter" : "skip") : class_of(home), kind[home], source[home]
  for (i = 1; i <= count; i++) {
    m = order[i]
    if (!on_top(m) || !is_strictly_below(point[m]) || (what = fate(m)) == "none") continue
    if (what == "start") starts = starts " " quoted(point[m])
    else if (what != "enter") prunes = prunes " -o -path " pattern(point[m])
    if ((what == "enter" || what == "start") && devices[device[m]]++) double = 1
    if (ENVIRON["WORDS"] == "") print what, source[m], (what == "skip" || what == "stop" ? encoded(point[m]) : inside(point[m]))
  }
  if (ENVIRON["WORDS"] == "starts") print starts (DEPTH == "" ? "" : " -maxdepth " DEPTH)
  else if (ENVIRON["WORDS"] == "prunes") print prunes
  else if (double) print "double"
}'

# mounts [starts|prunes]: print what MOUNTS says of $real, a path without links and without a slash at its end.
mounts() {
  # shellcheck disable=SC2002  # a program that tests can replace
  cat /proc/self/mountinfo | REAL=$real WORDS=${1-} awk "$AWK$MOUNTS"
}

# volume SOURCE: set VOLUME to the UUID of the file system on a block device.
volume() {
  VOLUME=''
  case $1 in /dev/*) ;; *) return ;; esac
  device=$(readlink -f "$1" 2>/dev/null) || return
  for link in /dev/disk/by-uuid/*; do
    [ "$(readlink -f "$link" 2>/dev/null)" = "$device" ] || continue
    VOLUME=${link##*/}
    return
  done
}

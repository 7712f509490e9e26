# shellcheck shell=sh
# The second part of the look: what was renamed, moved or removed while the first part walked is looked for again.
#
# A program of any user can rename a file or move a folder between the moment in which its name is listed and the one in
# which it is read. Every such change sets the ctime of the folder that holds the name, and of what is renamed. So:
#
# - A sum counts for a file only if stat shows the same inode and ctime before and after it was hashed. A file that is
#   written meanwhile also has another size or mtime, and counts as read.
# - After the walk, folders whose ctime is not older than their listing, or that were not read whole, are listed again, one
#   level at a time; folders that are new there are listed too, and what is not known yet is hashed. Then the same again:
#   five rounds, and as long as a name vanished in one of the last five, ten rounds and ten seconds, so that who only
#   removes a folder has time to end. A file that was read is not hashed again under a new name.
# - A file (by inode, size and mtime) or folder (by inode) that was there in several lists, or whose folder was, later than
#   three seconds, and was never read whole is an unread program. What was there and then is gone was removed, and costs nothing.
#
# Not covered: a program that knows when we read (inotify) and moves a file each time; one that copies a file to a new name
# and removes the old one faster than we read; one that exchanges whole folders with others of the same content but
# for one file; one that moves a file between folders under ever new names; where stat shows no parts of a second (busybox),
# two files exchanged within one second.
# shellcheck disable=SC2016,SC2034  # awk text, not shell text; the main part uses it
AGAIN='
function time_now() { return ENVIRON["DEADLINE"] - left() }
function parent_of(place) {
  sub("/[^/]*$", "", place) # busybox takes a backslash in brackets for itself
  return place == "" ? "/" : place
}

# A file or folder that was there, and was not read whole; and one that was. Folders have a slash before their inode.
function missed(id, shown, place) {
  vanished = 1
  MISSED_AT[id] = now
  HOLDER[id] = "/" DIRECTORY[parent_of(place)]
  if (id in READ || (id in MISSES && MISSED_IN[id] == round)) return
  MISSES[id]++
  MISSED_IN[id] = round
  NAME_OF[id] = shown
}
# is_late(id): it, or a folder that held it, was there and not to be read later than three seconds.
function is_late(id,   steps) {
  for (steps = 0; steps < 64; steps++) {
    if (MISSED_AT[id] > first + 3) return 1
    if (!(id in HOLDER)) return 0
    id = HOLDER[id]
  }
  return 0
}
# not_summed(id, shown, kind): it can be opened, and there is no sum of it. Either its folder was away while it was
# hashed, or it cannot be read to its end; so it is tried again, but not for ever.
function not_summed(id, shown, kind, place) {
  if (id in READ) return
  if (++TRIES[id] < 3) list_anew(place)
  KIND[id] = kind
  NAME_OF[id] = shown
}
function was_read(id) {
  READ[id] = 1
  delete MISSES[id]
  delete KIND[id]
}
# A name that was listed is not there. What is named may be a folder that we list, or lie in one.
function vanish(place) {
  vanished = 1
  HURT[place] = HURT[parent_of(place)] = pass
  LISTED[place] = 0
  list_anew(place)
}
# The folder that holds it is listed again whether it changes or not: a folder above it may be what moves.
function list_anew(place) { LISTED[parent_of(place)] = 0 }

# moved(names, n): MOVED[name] of the files that are no longer what was listed. It is asked after they were hashed.
function find_moved(names, n,   i, command) {
  split("", MOVED)
  for (i = 1; i <= n; i++) {
    MOVED[names[i]] = 1
    if (names[i] ~ /\n/) compare("stat -c \"$FIELDS\" " quoted(names[i]), names[i])
    else command = command " " quoted(names[i])
  }
  if (command != "") compare("stat -c \"$FIELDS %n\"" command, "")
}
function compare(command, name,   line, new, old) {
  command = command " 2>/dev/null"
  while ((command | getline line) > 0) {
    split(line, new, " ")
    line = name == "" ? substr(line, length(new[1] new[2] new[3] new[4] new[5] new[6]) + 7) : name
    split(LISTED_AS[line], old, " ")
    MOVED[line] = old[1] != new[3] || (old[4] != new[6] && old[2] == new[4] && old[3] == new[5])
  }
  close(command)
}

# add_folder(place, shown, level): a folder that is listed now; `place` is its path from our root, encoded as all are.
function add_folder(place, shown, level) {
  if (ENVIRON["DEPTH"] != "" && level >= ENVIRON["DEPTH"] + 0) return 0
  if (!(place in SHOWN)) FOLDER[++folders] = place
  SHOWN[place] = shown
  LEVEL[place] = level
  DIRECTORY[place] = $3
  TREE[place] = round ? TREE[parent_of(place)] : places
  LISTED[place] = round ? now : ENVIRON["BEGAN"]
  return 1
}
function forget(place,   tree) {
  tree = TREE[place]
  if (place == place_at[tree] && state[root_number[tree]] == "entered") {
    state[root_number[tree]] = "refused"
    stops("folder", SHOWN[place], 2)
  }
  delete SHOWN[place]
}

# changed(again): the folders that are to be listed again; those that are gone are forgotten. A change within the second
# of the listing may be older or younger than that, and a ctime lags behind the clock by a tick of the kernel.
function changed(again,   i, n, kept, from, command, place) {
  now = time_now()
  for (i = from = 1; i <= folders + 1; i++) {
    if (i <= folders && length(command) < 25000) {
      command = command " " quoted(plain(FOLDER[i]))
      continue
    }
    if (command != "") stat_folders("stat -c \"%f %d:%i %Z %n\"" command " 2>/dev/null")
    command = i <= folders ? " " quoted(plain(FOLDER[i])) : ""
  }
  for (i = 1; i <= folders; i++) {
    place = FOLDER[i]
    if (index(place, "\\")) CTIME[place] = now # of such names stat prints several lines
    else if (SEEN[place] != round) {
      forget(place)
      continue
    }
    FOLDER[++kept] = place
    if (CTIME[place] >= LISTED[place] - 1 || unwalked) again[++n] = place
  }
  folders = kept + 0
  unwalked = 0
  return n + 0
}
function stat_folders(command,   line, word, place) {
  while ((command | getline line) > 0) {
    split(line, word, " ")
    place = substr(line, length(word[1] word[2] word[3]) + 4)
    if (length(word[1]) != 4 || word[1] !~ /^4/) continue
    SEEN[place] = round
    CTIME[place] = word[2] == DIRECTORY[place] ? word[3] + 0 : now
    DIRECTORY[place] = word[2]
  }
  close(command)
}

# list_again(again, n): list these folders, then those that are new in them, and so on.
function list_again(again, n,   tree) {
  while (n > 0 && stopped == "no") {
    pass++
    queued = 0
    for (tree = 1; tree <= places; tree++) list_tree(again, n, tree)
    flush()
    for (n = 0; n < queued; n++) again[n + 1] = QUEUE[n + 1]
  }
}
function list_tree(again, n, tree,   i, from, command) {
  for (i = from = 1; i <= n + 1; i++) {
    if (i <= n && length(command) < 25000) {
      if (TREE[again[i]] != tree) continue
      command = command " " quoted(plain(again[i]))
      LISTED[again[i]] = now
      PASS[again[i]] = pass
      continue
    }
    if (command != "") read_list("sh -c " quoted(ENVIRON["LIST"]) " sh" command " -maxdepth 1 \\( " PRUNES[tree] " \\) -prune -o -print0")
    for (; from < i; from++) if (PASS[again[from]] == pass && TREE[again[from]] == tree) judge(again[from])
    command = ""
    if (i <= n) i--
  }
}
function read_list(command) {
  while ((command | getline) > 0) if (stopped == "no") take()
  close(command)
}
function judge(place) {
  if (HURT[place] != pass && WHOLE[place] == pass) {
    was_read("/" DIRECTORY[place])
    return
  }
  LISTED[place] = 0
  missed("/" DIRECTORY[place], SHOWN[place], place)
}

# take_again(name): one line of such a list.
function take_again(name,   above) {
  if (PASS[name] == pass) {
    if (type == "folder" && $3 == DIRECTORY[name]) WHOLE[name] = pass
    return
  }
  above = parent_of(name)
  if (!(above in SHOWN)) return
  at = (SHOWN[above] == "/" ? "" : SHOWN[above]) substr(name, above == "/" ? 1 : length(above) + 1)
  if (type == "file") {
    if (ROW[at] != $3) wait(name, at)
    return
  }
  if (!(at in ROW)) list(at, type, $4, whole_part($5), sums_json(""))
  ROW[at] = $3
  if (type != "folder" || (name in SHOWN && DIRECTORY[name] == $3)) return
  if (add_folder(name, at, LEVEL[above] + 1)) QUEUE[++queued] = name
}

function look_again(   i, n, again, quiet) {
  for (i = 1; i <= folders; i++) if (HURT[FOLDER[i]] == pass) missed("/" DIRECTORY[FOLDER[i]], SHOWN[FOLDER[i]], FOLDER[i])
  first = time_now()
  for (round = 1; quiet < 5 && stopped == "no" && (round <= 10 || now < first + 10); round++) {
    if (round > 10) system("sleep 1")
    if (left() <= 0) stopped = "time"
    else if (!(n = changed(again))) return
    vanished = 0
    list_again(again, n)
    quiet = vanished ? 0 : quiet + 1
  }
}
function name_missed(   each) {
  for (each in MISSES) {
    if (MISSES[each] < 2 || !is_late(each)) continue
    note("program", NAME_OF[each], 2)
    delete KIND[each]
  }
  for (each in KIND) note(KIND[each], NAME_OF[each], 0)
}
'

# List folders anew: the words are those of find. Its complaints come behind the lines, each as `#complaint LINE`.
# shellcheck disable=SC2016,SC2089
LIST='
{
  errors=$(
    {
      {
        find "$@"
        [ $? -le 125 ] || echo "#broken the search ended midway" >&4
      } | xargs -0 -n 500 sh -c "$BATCH" sh >&4 || echo "#broken the search ended midway" >&4
    } 2>&1
  )
} 4>&1
[ -z "$errors" ] || printf "%s\n" "$errors" | head -n 1000 | sed "s/^/#complaint /"'

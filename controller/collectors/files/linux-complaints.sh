# shellcheck shell=sh
# What find and stat could not read, from what they write on standard error: functions of the awk that writes the rows.
# shellcheck disable=SC2016  # awk text, not shell text
COMPLAINTS='
# complaint(line): find and stat end with the error of the system; what vanished meanwhile is looked for again, and what
# was walked already (a loop of mounts) is no unread item. Anything else may be a folder whose content is not listed. find
# of GNU ends the whole walk when a folder is moved while it is in it.
function complaint(line,   error, name) {
  error = errno(line)
  if (line ~ /^find: File system loop detected/) return
  if (error == 2 && line ~ /^find: (failed to read file names|fts_read)/) {
    unwalked = vanished = 1
    return
  }
  name = line
  sub(/^[a-z]+: (can\047t stat )?/, "", name)
  if (error) sub(/: [A-Za-z\/ ]+$/, "", name)
  if (match(name, /\047.*\047/)) name = unquoted(substr(name, RSTART + 1, RLENGTH - 2))
  if (error == 2) vanish(encoded(name))
  else unlisted(encoded(name), error)
}
function unlisted(name, error) {
  name = shown_anywhere(name)
  if ((name, error) in noted) return
  noted[name, error] = 1
  if (name in root_of) state[root_of[name]] = "refused"
  stops(error == 36 ? "name" : "folder", name, error)
}
# shown_anywhere(place): as the host sees it, below the root that it belongs to; what is no path of ours stays as it is.
function shown_anywhere(place,   i, best) {
  for (i = 1; i <= places; i++) {
    if (index(place "/", place_at[i] "/") == 1 && (!best || length(place_at[i]) > length(place_at[best]))) best = i
  }
  if (best) place = asked_at[best] substr(place, length(place_at[best]) + 1)
  return place == "" ? "/" : place
}
# GNU programs write a name as C would: letters beyond ASCII as three digits.
function unquoted(s,   out, at, c) {
  while ((at = index(s, "\\")) > 0) {
    out = out substr(s, 1, at - 1)
    c = substr(s, at + 1, 1)
    if (substr(s, at + 1, 3) ~ /^[0-3][0-7][0-7]$/) {
      out = out sprintf("%c", 64 * c + 8 * substr(s, at + 2, 1) + substr(s, at + 3, 1))
      s = substr(s, at + 4)
    } else {
      out = out (c == "n" ? "\n" : c == "t" ? "\t" : c == "r" ? "\r" : c)
      s = substr(s, at + 2)
    }
  }
  return out s
}
'

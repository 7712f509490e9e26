# shellcheck shell=sh
# What the shell reads of each process: it lists /proc again until every process of a list was read before it ended, at
# most five times. A program that keeps starting itself anew under another number is caught by one of the lists, or its
# name is left in all of them.
#
# One line for each fact, and each begins with a letter of ours or with the number of a process; a name or an argument
# is one line, so that none of them can look like another.
#
#   #list N                    the processes below were first seen in the Nth list
#   @ PID STATE TASK PATH      STATE: here or deleted (PATH is the image), unread (it runs, its image cannot be read),
#                              over (it ended before its image was read), hidden (its folder shows nothing or another
#                              process); TASK: the thread whose image it is, when the first one has ended, else -
#   * PID PARENT NAME          as /proc/PID/stat has it, read at once; what ended later has no other line
#   = DEVICE:INODE FILE        of the image
#   PID/status:…, PID/cmdline:…

# stat_of PID: set NAME, PARENT and LETTER (the state) from one line of /proc/PID/stat; false when it is not that of PID.
stat_of() {
  NAME='' PARENT=0 LETTER=''
  IFS= read -r line 2>/dev/null <"$1/stat" || return
  [ "${line%% *}" = "$1" ] || return
  NAME=${line#*\(} NAME=${NAME%\)*}
  line=${line##*\) }
  LETTER=${line%% *}
  line=${line#* }
  PARENT=${line%% *}
  case $PARENT in '' | *[!0-9]*) PARENT=0 ;; esac # its name holds a line end
}

# image_of PID: set IMAGE, STATE and TASK. When the first thread has ended, the others still run the program.
image_of() {
  TASK=-
  image "$1"
  [ "$STATE" = unread ] || return
  case $LETTER in Z | X) ;; *) return ;; esac
  for thread in "$1"/task/[0-9]*; do
    if [ "$thread" = "$1/task/$1" ] || ! [ -L "$thread/exe" ]; then continue; fi
    TASK=${thread##*/}
    image "$thread"
    [ "$STATE" = unread ] || return
  done
  [ "$TASK" != - ] || STATE=over
}

# process PID: its first two lines; adds it to `fresh`, and its image to `images`.
process() {
  if stat_of "$1"; then
    image_of "$1"
  elif [ "$LIVE" = no ]; then
    [ -L "$1/exe" ] || [ -r "$1/status" ] || return
    image_of "$1"
  elif [ -e "$1/stat" ]; then IMAGE='' TASK=- STATE=hidden
  elif [ -d "$1" ]; then IMAGE='' TASK=- STATE=hidden
  else IMAGE='' TASK=- STATE=over
  fi
  [ "$STATE" != unread ] || [ -d "$1" ] || STATE=over
  case $IMAGE$NAME in *"$NEWLINE"* | *\\*) IMAGE=$(encode "$IMAGE") NAME=$(encode "$NAME") ;; esac # no fork for others
  printf '@ %s %s %s %s\n* %s %s %s\n' "$1" "$STATE" "$TASK" "$IMAGE" "$1" "$PARENT" "$NAME"
  case $STATE$TASK in
    over*) ended=yes ;;
    hidden*) ;;
    *-) images="$images $1/exe" ;;
    *) images="$images $1/task/$TASK/exe" ;;
  esac
  fresh="$fresh $1"
}

# any_ended: one of the new processes has ended meanwhile, and perhaps before it was read.
any_ended() {
  [ -z "$ended" ] || return 0
  for pid in $fresh; do [ -d "$pid" ] || return 0; done
  return 1
}

# facts PID...: the first list, which was made before this shell started anything more; the working folder is /proc.
facts() {
  known=' ' list=1
  while [ "$list" -le 5 ]; do
    echo "#list $list"
    fresh='' images='' ended=''
    for pid; do
      case $pid in *[!0-9]*) continue ;; esac
      case $known in *" $pid "*) continue ;; esac
      known="$known$pid "
      process "$pid"
    done
    # shellcheck disable=SC2086,SC2046  # numbers and slashes
    if [ -n "$fresh" ]; then
      [ -z "$images" ] || stat -L -c '= %d:%i %n' $images 2>/dev/null
      grep -HsE '^(Name|PPid|Uid|VmSize):' $(printf '%s/status ' $fresh)
      grep -aHsz '' $(printf '%s/cmdline ' $fresh) | tr '\n\000' ' \n'
    fi
    any_ended || break
    list=$((list + 1))
    set -- [0-9]*
  done
}

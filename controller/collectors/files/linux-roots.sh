# shellcheck shell=sh disable=SC2154  # linux.sh and frame.sh sets the names that are read here
# Where a look at files starts: which roots are there, which file systems lie below them, and the walk through each.

# is_missing PATH: it is not there, and we were allowed to see that.
is_missing() {
  [ ! -e "${1:-/}" ] && [ ! -L "$1" ] || return 1
  above=$1
  while [ -n "$above" ] && [ ! -e "$above" ]; do above=${above%/*}; done
  [ -x "${above:-/}" ]
}

# say_root STATE VOLUME ASKED REAL: three lines.
say_root() {
  printf '#root %s %s\n' "$1" "$2"
  encode "$3"
  encode "${4:-/}"
}

# file_systems: say where the root lies and what lies below it; false when it is not to be entered.
file_systems() {
  table=$(mounts)
  # shellcheck disable=SC2046
  set -- $(printf '%s\n' "$table" | head -n 1)
  if [ "$2" = skip ] || [ "$3" = autofs ]; then
    say_root refused '' "$root" ''
    printf '#stop %s\n' "$(encode "$real")"
    return 1
  fi
  volume "${4-}"
  say_root entered "$VOLUME" "$root" "$RESOLVED"
  printf '%s\n' "$table" | while read -r class source path; do
    case $class in
      double) echo '#double' ;;
      skip | stop) printf '#%s %s\n' "$class" "$path" ;;
      enter | start)
        volume "$source"
        [ -z "$VOLUME" ] || { printf '#root entered %s\n' "$VOLUME" && encode "$root" && printf '%s\n' "$path"; }
        ;;
    esac
  done
}

# walk ROOT: `root` is the argument as it came, `asked` without slashes at its end, `real` its place without links.
walk() {
  root=$1 asked=$1
  while [ "${asked%/}" != "$asked" ]; do asked=${asked%/}; done
  if ! resolve "$asked"; then
    say_root refused '' "$root" ''
    printf '#loop %s\n' "$(encode "$asked")"
    return
  fi
  real=$ROOT$RESOLVED
  if is_missing "$real"; then
    say_root missing '' "$root" ''
    printf '#missing %s\n' "$(encode "$asked")"
    return
  fi
  printf '#place\n'
  encode "$asked"
  encode "$real"
  file_systems || return
  echo '#start'
  prunes=$(mounts prunes)
  printf '#prunes %s\n' "$(encode "$prunes")"
  eval "set -- $(mounts starts) \\( $prunes \\) -prune -o -print0"
  {
    find "$@"
    [ $? -le 125 ] || echo '#broken the search ended midway' >&3
  } | xargs -0 -n 500 sh -c "$BATCH" sh || echo '#broken the search ended midway'
}

walk_all() {
  for argument; do
    case $argument in root=*) ;; *) continue ;; esac
    if [ "$(date +%s)" -ge "$DEADLINE" ]; then
      echo '#time'
      return
    fi
    walk "${argument#root=}"
  done
}

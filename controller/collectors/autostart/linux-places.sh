# shellcheck shell=sh
# The places where entries stand. The shell lists their files, each with who reads it.

# every READER KIND ENABLED USER FOLDER PATTERN: each file of FOLDER whose name fits; ENABLED is yes, no, or x (when it
# may be executed).
every() {
  if ! resolve "$5"; then
    echo '#unread'
    return
  fi
  inner=$ROOT$RESOLVED
  [ -d "$inner" ] || return
  { [ -r "$inner" ] && [ -x "$inner" ]; } || echo '#unread'
  # shellcheck disable=SC2254,SC2231  # the pattern is one of ours
  for file in "$inner"/$6; do
    { [ -e "$file" ] || [ -L "$file" ]; } && one "$1" "$2" "$3" "$4" "$5/${file#"$inner"/}"
  done
}

# one READER KIND ENABLED USER FILE: four lines, when FILE is a file.
one() {
  if ! resolve "$5"; then
    echo '#unread'
    return
  fi
  [ -f "$ROOT$RESOLVED" ] || return
  enabled=$3
  [ "$enabled" != x ] || enabled=no
  [ "$3" != x ] || ! [ -x "$ROOT$RESOLVED" ] || enabled=yes
  echo "@ $1 $2 $enabled"
  encode "$4"
  encode "$5"
  encode "$RESOLVED"
}

# wanted FOLDER PATTERN: the names of the links by which something asks for a unit or a script.
wanted() {
  resolve "$1" || return
  # shellcheck disable=SC2231  # the pattern is one of ours
  for file in "$ROOT$RESOLVED"/$2; do
    [ -L "$file" ] || [ -e "$file" ] || continue
    printf '#wanted %s\n' "$(encode "${file##*/}")"
  done
}

units() {
  wanted "$1" '*.wants/*'
  wanted "$1" '*.requires/*'
  for sort in service timer socket; do
    every unit systemd no "$2" "$1" "*.$sort"
    every unit systemd no "$2" "$1" "*$sort.d/*.conf"
  done
}

for_the_system() {
  one crontab cron yes '' /etc/crontab
  one anacrontab cron yes root /etc/anacrontab
  every crontab cron yes '' /etc/cron.d '*'
  for period in hourly daily weekly monthly; do every itself cron x root "/etc/cron.$period" '*'; done
  for folder in cron/crontabs cron cron/tabs; do every usertab cron yes = "/var/spool/$folder" '*'; done
  every usertab cron yes = /etc/crontabs '*'
  for folder in cron/atjobs at; do every itself cron x '' "/var/spool/$folder" '*'; done
  for folder in /etc /run /usr/local/lib /usr/lib /lib; do
    resolve "$folder/systemd" && case " $known " in *" $RESOLVED "*) continue ;; esac
    known="$known $RESOLVED"
    units "$folder/systemd/system" root
    units "$folder/systemd/user" ''
    every itself systemd x root "$folder/systemd/system-generators" '*'
  done
  for level in S 2 3 4 5; do
    wanted "/etc/rc$level.d" 'S*'
    wanted "/etc/rc.d/rc$level.d" 'S*'
  done
  for file in /etc/rc.local /etc/rc.d/rc.local; do one itself init x root "$file"; done
  for folder in /etc/init.d /etc/rc.d/init.d; do every itself init no root "$folder" '*'; done
  for file in /etc/profile /etc/bash.bashrc /etc/bashrc /etc/zsh/zshenv /etc/zsh/zprofile /etc/zsh/zshrc /etc/zshrc; do
    one itself profile yes '' "$file"
  done
  every itself profile yes '' /etc/profile.d '*'
  every itself profile x root /etc/update-motd.d '*'
  one preload preload yes '' /etc/ld.so.preload
  every desktop xdg yes '' /etc/xdg/autostart '*.desktop'
}

# for_user HOME
for_user() {
  resolve "$1" || return
  [ -d "$ROOT$RESOLVED" ] || return
  if ! [ -x "$ROOT$RESOLVED" ]; then
    echo '#unread'
    return
  fi
  owner=${1##*/}
  units "$1/.config/systemd/user" "$owner"
  units "$1/.local/share/systemd/user" "$owner"
  every desktop xdg yes "$owner" "$1/.config/autostart" '*.desktop'
  for file in .bashrc .bash_profile .bash_login .profile .zshenv .zprofile .zshrc .xprofile .xsessionrc .ssh/rc .config/fish/config.fish; do
    one itself profile yes "$owner" "$1/$file"
  done
}

# Where users live: what passwd says, and the usual places, each once.
homes() {
  resolve /etc/passwd && [ -r "$ROOT$RESOLVED" ] && cut -d: -f6 "$ROOT$RESOLVED"
  for folder in "$ROOT"/home/*; do
    [ ! -d "$folder" ] || encode "${folder#"$ROOT"}"
  done
  echo /root
}

listed() {
  known=
  for_the_system
  homes | awk '/^\/./ { sub(/\/+$/, "") } /^\/./ && !seen[$0]++' | while IFS= read -r folder; do
    case $folder in *\\*) echo '#unread' ;; *) for_user "$folder" ;; esac
  done
}

# shellcheck shell=sh
# The places where entries stand. The shell lists their files, each with who reads it.

# unlisted PATH: entries may stand there that cannot be listed.
unlisted() {
  printf '#unlisted %s\n' "$(encode "$1")"
}

# loop PATH: its links lead round in a circle, so that nothing reads entries there; it is a single item.
loop() {
  printf '#loop %s\n' "$(encode "$1")"
}

# every READER KIND ENABLED USER FOLDER PATTERN: each file of FOLDER whose name fits; ENABLED is yes, no, or x (when it
# may be executed).
every() {
  if ! resolve "$5"; then
    loop "$5"
    return
  fi
  inner=$ROOT$RESOLVED
  [ -d "$inner" ] || return
  { [ -r "$inner" ] && [ -x "$inner" ]; } || unlisted "$5"
  # shellcheck disable=SC2254,SC2231  # the pattern is one of ours
  for file in "$inner"/$6; do
    { [ -e "$file" ] || [ -L "$file" ]; } && one "$1" "$2" "$3" "$4" "$5/${file#"$inner"/}"
  done
}

# one READER KIND ENABLED USER FILE: four lines, when FILE is a file.
one() {
  if ! resolve "$5"; then
    loop "$5"
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
  for period in hourly daily weekly monthly yearly; do every itself cron x root "/etc/cron.$period" '*'; done
  for folder in cron/crontabs cron cron/tabs; do every usertab cron yes = "/var/spool/$folder" '*'; done
  every usertab cron yes = /etc/crontabs '*'
  for folder in cron/atjobs at; do every itself cron x '' "/var/spool/$folder" '*'; done
  for folder in /etc /run /usr/local/lib /usr/lib /lib; do
    resolve "$folder/systemd" && case " $known " in *" $RESOLVED "*) continue ;; esac
    known="$known $RESOLVED"
    units "$folder/systemd/system" root
    units "$folder/systemd/user" ''
    for hook in system-generators system-environment-generators system-shutdown system-sleep; do
      every itself systemd x root "$folder/systemd/$hook" '*'
    done
    for hook in user-generators user-environment-generators; do every itself systemd x '' "$folder/systemd/$hook" '*'; done
    every rules udev yes root "$folder/udev/rules.d" '*.rules'
  done
  for level in S 2 3 4 5; do
    wanted "/etc/rc$level.d" 'S*'
    wanted "/etc/rc.d/rc$level.d" 'S*'
  done
  wanted /etc/runlevels '*/*'
  one inittab init yes root /etc/inittab
  for file in /etc/rc.local /etc/rc.d/rc.local; do one itself init x root "$file"; done
  for folder in /etc/init.d /etc/rc.d/init.d; do every itself init no root "$folder" '*'; done
  every itself init x root /etc/local.d '*.start'
  for folder in network NetworkManager/dispatcher.d networkd-dispatcher; do every itself network x root "/etc/$folder" '*.d/*'; done
  every itself network x root /etc/NetworkManager/dispatcher.d '*'
  for file in profile bash.bashrc bashrc bash.bash_logout zsh/zshenv zsh/zprofile zsh/zshrc zsh/zlogin zshrc csh.cshrc csh.login fish/config.fish; do
    one itself profile yes '' "/etc/$file"
  done
  for folder in profile.d X11/Xsession.d X11/xinit/xinitrc.d; do every itself profile yes '' "/etc/$folder" '*'; done
  every itself profile x root /etc/update-motd.d '*'
  one preload preload yes '' /etc/ld.so.preload
  every desktop xdg yes '' /etc/xdg/autostart '*.desktop'
}

# for_user HOME
for_user() {
  resolve "$1" || return
  [ -d "$ROOT$RESOLVED" ] || return
  if ! [ -x "$ROOT$RESOLVED" ]; then
    unlisted "$1"
    return
  fi
  owner=${1##*/}
  units "$1/.config/systemd/user" "$owner"
  units "$1/.local/share/systemd/user" "$owner"
  every desktop xdg yes "$owner" "$1/.config/autostart" '*.desktop'
  for folder in autostart-scripts plasma-workspace/env; do every itself xdg yes "$owner" "$1/.config/$folder" '*'; done
  for file in .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshenv .zprofile .zshrc .zlogin .zlogout \
    .cshrc .tcshrc .login .config/fish/config.fish .xprofile .xsessionrc .xsession .xinitrc .ssh/rc; do
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
    case $folder in *\\*) printf '#unlisted %s\n' "$folder" ;; *) for_user "$folder" ;; esac
  done
}

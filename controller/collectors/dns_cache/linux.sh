# shellcheck shell=sh
# What systemd-resolved has in its cache, and what stands in the hosts file. Reads only; see spec.yaml.

COLLECTOR=dns_cache

# Lines of the cache begin with `=`.
cache() {
  [ "$LIVE" = yes ] || return
  left=$((DEADLINE - $(date +%s)))
  if [ "$left" -le 0 ]; then
    echo '#time'
    return
  fi
  wait_for=
  timeout 5 true 2>/dev/null && wait_for="timeout $left"
  # shellcheck disable=SC2086  # two words, or none
  text=$(SYSTEMD_COLORS=0 SYSTEMD_PAGER='' $wait_for resolvectl --no-pager show-cache 2>/dev/null) && echo '#answered'
  printf '%s\n' "$text" | sed 's/^/= /'
}

# Lines of the hosts file begin with `:`.
hosts() {
  if ! resolve /etc/hosts; then
    echo '#unread /etc/hosts'
  elif [ -f "$ROOT$RESOLVED" ]; then
    { cat "$ROOT$RESOLVED" 2>/dev/null && echo; } | sed 's/^/: /'
    [ -r "$ROOT$RESOLVED" ] || echo '#unread /etc/hosts'
  fi
}

collect() {
  { cache; hosts; } | awk "$AWK"'
    BEGIN { MOST = 2000 }
    function list(name, blocked, alias, type, text, status, source) {
      row("{\"name\":" json(name) ",\"blocked\":" json(blocked) ",\"alias\":" json(alias) ",\"type\":" json(type) \
        ",\"data\":" json(substr(text, 1, 4096)) ",\"status\":" json(status) ",\"source\":\"" source "\"}")
      if (written > 7500000) stopped = "count"
    }

    # A record is `NAME CLASS TYPE DATA`; one that does not exist has one word in capitals in the place of DATA.
    function record(text,   word, n, rest) {
      n = split(text, word, " ")
      if (text == "" || text ~ /^No entries/) return
      if (word[1] == "Scope") {
        scopes++
        return
      }
      if (n < 4 || word[2] !~ /^(IN|CH|HS|ANY)$/) {
        note("other", encoded("resolvectl: " text), 0)
        return
      }
      rest = substr(text, index(text, " " word[2] " ") + length(word[2]) + 2)
      sub(/^ *[^ ]+ +(-- +)?/, "", rest)
      if (rest ~ /^[A-Z]+$/) list(word[1], "", "", word[3], "", tolower(rest), "cache")
      else list(word[1], "", word[3] == "CNAME" ? rest : "", word[3], rest, "ok", "cache")
    }

    # Names that lead nowhere meet no indicator; of a list against advertising the beginning is enough.
    function entry(text,   word, n, i, type, nowhere) {
      sub(/#.*/, "", text)
      gsub(/[\t\r]/, " ", text)
      n = split(text, word, " ")
      type = index(word[1], ":") > 0 ? "AAAA" : "A"
      nowhere = word[1] ~ /^(0|127)(\.[0-9]+)+$/ || word[1] ~ /^[0:]+1?$/ || tolower(word[1]) ~ /^[0:]+:ffff:(0|127)\./
      for (i = 2; i <= n && stopped == "no"; i++) {
        if (!nowhere) list(word[i], "", "", type, word[1], "ok", "hosts")
        else if (++precautions <= MOST) list("", word[i], "", type, word[1], "ok", "hosts")
      }
    }

    stopped != "no" { exit }
    /^#answered/ { answered = 1; next }
    /^#unread / { stops("file", substr($0, 9), 13); next }
    /^#time/ { stopped = "time"; next }
    /^= / { record(substr($0, 3)) }
    /^: / { entry(substr($0, 3)) }
    END {
      if (stopped == "no" && (!answered || !scopes)) stops("other", "resolvectl show-cache", 0)
      finish()
    }'
}

main "$@" </dev/null

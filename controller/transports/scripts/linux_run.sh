# shellcheck shell=sh disable=SC2154  # the text before this sets them
# Run the text in `script` by a shell of its own, for at most `seconds`. linux_limit.sh comes before this.
#
# The text goes through a pipe, so that `ps` shows neither the script nor its arguments. No `exec`: when the limit ends
# that shell by a signal, this one is left to pass on the exit code.
printf '%s\n' "$script" | limited "$seconds" sh -s
exit "$?"

# shellcheck shell=sh
# SECONDS COMMAND...: run COMMAND under a time limit. The text of linux_limit.sh stands before this.
# Not `exec`: when the limit ends it by a signal, there must be somebody left to tell the exit code.
limited "$@"
exit "$?"

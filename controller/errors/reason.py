"""Why a host is infected or unknown: one closed enum, with a sentence and a remedy for each member.

Screen, JSON, report and docs/errors.md all take their words from here.
"""

from enum import StrEnum

_Words = tuple[str, str]


class Reason(StrEnum):
    """A stable code; `sentence` says what happened, `remedy` what to do about it."""

    sentence: str
    remedy: str

    def __new__(cls, code: str, sentence: str, remedy: str) -> "Reason":
        """Carry the words beside the code, so that no member can be without them."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        member.remedy = remedy
        return member

    @property
    def doubts_identity(self) -> bool:
        """Say whether another machine than that of the name answered, or may have."""
        return self.value.startswith("identity.")

    # infected
    MATCH_FOUND = (
        "match.found",
        "an indicator was seen",
        "clean it with --apply, or by hand and then lamsach note NAME --handled TEXT, and look again; a "
        "false alarm: lamsach iocs withdraw VALUE --why TEXT",
    )
    FINDING_OPEN = (
        "finding.open",
        "the tool found something and did not remove it",
        "clean it with --apply, or by hand and then lamsach note NAME --handled TEXT, and look again; a "
        "false alarm: lamsach note NAME --harmless OBJECT --why TEXT",
    )
    LEFTOVER_AUTOSTART = (
        "leftover.autostart",
        "an entry that starts by itself still names what was found",
        "remove the entry, then look again with the campaign's playbook; a harmless one: "
        "lamsach note NAME --harmless ENTRY --why TEXT",
    )
    CONTACT_SEEN = (
        "contact.seen",
        "it spoke with a listed address or name, and nothing was found on it",
        "find out which program did; then lamsach note NAME --handled TEXT, and look again with the "
        "campaign's playbook; a false alarm: lamsach iocs withdraw VALUE --why TEXT",
    )
    REBOOT_PENDING = (
        "reboot.pending",
        "the removal ends with a restart",
        "restart it, then --retry infected",
    )

    # unknown, on the way to it
    REACH_NAME = ("reach.name", "its name has no address", "mend ansible_host, or the name server")
    REACH_ROUTE = ("reach.route", "there is no route to it", "see whether its site's line is up, then --retry unknown")
    REACH_REFUSED = (
        "reach.refused",
        "it refuses connections on that port",
        "start its remote service, or mend the port",
    )
    REACH_TIMEOUT = (
        "reach.timeout",
        "nothing answered",
        "switch it on, then --retry unknown; out of service: lamsach note NAME --retired --why TEXT",
    )
    TLS_FAILED = ("tls.failed", "its certificate cannot be trusted", "mend its certificate, or the CA file")
    HOSTKEY_UNKNOWN = (
        "hostkey.unknown",
        "its SSH key is not known",
        "check the fingerprint, then lamsach hosts scan --accept",
    )
    HOSTKEY_CHANGED = (
        "hostkey.changed",
        "its SSH key is another than the known one",
        "find out why; if rightly so, remove the old line of known_hosts and scan again",
    )
    SSH_INCOMPATIBLE = ("ssh.incompatible", "its SSH has no algorithm in common with ours", "update its SSH server")
    LOGIN_REFUSED = ("login.refused", "it refused our logon", "mend the account or its secret, then --retry unknown")
    LOGIN_UNANSWERED = (
        "login.unanswered",
        "it did not answer our logon",
        "see why its logon hangs or breaks off, then --retry unknown",
    )
    ACCOUNT_STOPPED = (
        "account.stopped",
        "too many logons of the account were refused or not answered; we stopped before it locks",
        "correct its secret, wait until the time in the detail, then --retry unknown",
    )
    ACCESS_DENIED = (
        "access.denied",
        "our account may not log on there remotely",
        "give it the right to, then --retry unknown",
    )
    QUOTA_EXCEEDED = (
        "quota.exceeded",
        "its quota for remote sessions is used up",
        "restart its remote service, or wait",
    )
    CONNECTION_LOST = ("connection.lost", "the connection broke", "run again with --retry unknown")
    HOST_TIMEOUT = ("host.timeout", "it did not finish in its time", "give it more seconds, or look why it hangs")
    HOST_GONE = ("host.gone", "it is no longer in the inventory", "put it back, or begin a new sweep")
    HOST_PENDING = (
        "host.pending",
        "it has not been visited yet",
        "visit it: --retry unknown, or --resume where a sweep was interrupted",
    )
    VISIT_OPEN = (
        "visit.open",
        "its newest visit was cut off before its end",
        "go on with --resume, or --retry unknown",
    )

    # unknown, once we stood on it
    RIGHTS_MISSING = ("rights.missing", "our account is not an administrator there", "use one, or set ansible_become")
    POWERSHELL_CONSTRAINED = (
        "powershell.constrained",
        "its PowerShell runs in constrained language mode",
        "exempt our account from the policy",
    )
    POWERSHELL_OLD = ("powershell.old", "its PowerShell is older than 5.1", "install Windows Management Framework 5.1")
    SYSROOT_MISSING = (
        "sysroot.missing",
        "no system lies on the disk that was to be looked at",
        "mount the disk or correct lamsach_sysroot, then --retry unknown",
    )
    HOST_DISK_FULL = ("host.disk_full", "its disk is too full for the tool", "free space on it, then --retry unknown")
    HOST_BUSY = ("host.busy", "another program of ours still runs there", "wait for it, then --retry unknown")
    FOLDER_UNSAFE = (
        "folder.unsafe",
        "our folder there can be written by others",
        "look who made it, remove it, then --retry unknown",
    )
    IDENTITY_MISMATCH = (
        "identity.mismatch",
        "another computer answered at its address",
        "correct the address; if the computer was replaced: lamsach identity accept",
    )
    IDENTITY_UNSURE = (
        "identity.unsure",
        "it did not show the hardware it is known by",
        "let our account read its hardware, then --retry unknown; if it never can: lamsach identity accept",
    )
    IDENTITY_TWICE = (
        "identity.twice",
        "another name of the inventory is this computer already",
        "correct the addresses, or take one name out; if the other name never was it: lamsach identity accept OTHER",
    )
    SCRIPT_BLOCKED = ("script.blocked", "its antivirus blocked our script", "exempt the script, then --retry unknown")
    TOOL_BLOCKED = (
        "tool.blocked",
        "its antivirus blocked or took away the tool",
        "exempt the tool, then --retry unknown",
    )
    PUSH_FAILED = ("push.failed", "the file did not arrive whole", "run again with --retry unknown")

    # unknown, by its answers
    ANSWER_GARBLED = (
        "answer.garbled",
        "its answer is not in our form",
        "look at the kept answer (lamsach show); the host may be damaged",
    )
    ANSWER_CUT = ("answer.cut", "its answer was cut short", "run again with --retry unknown")
    ANSWER_HUGE = ("answer.huge", "its answer is larger than we take", "narrow the look, or look why")
    ANSWER_EMPTY = (
        "answer.empty",
        "its answer lists less than any living computer has",
        "mend WMI on it, then look again",
    )
    LOOK_STOPPED = (
        "look.stopped",
        "a look ended before it had seen everything",
        "see what it left out (lamsach show NAME), give it time, rights or other roots and --retry unknown, or "
        "look there yourself and then lamsach note NAME --checked ITEM --why TEXT",
    )
    LOOK_UNREAD = (
        "look.unread",
        "a program there could not be read",
        "see which one (lamsach show NAME), read it by hand, then lamsach note NAME --checked ITEM --why TEXT",
    )
    LOOK_MISSING = (
        "look.missing",
        "a task of the campaign's playbook has no complete run on it",
        "run the campaign's playbook on it: --retry unknown",
    )
    LOOK_OUTDATED = (
        "look.outdated",
        "its newest runs did not gather a kind of value that a list now names",
        "run the campaign's playbook on it again: --retry unknown",
    )
    LIST_UNSEEN = (
        "list.unseen",
        "no task of the campaign's playbook can see any value in force on it",
        "add a task that can, or with lamsach iocs add FILE a list that such a task can see",
    )
    MATCH_VANISHED = (
        "match.vanished",
        "an indicator was seen, is not seen any more, and no record says that it was handled",
        "find out what became of it, then lamsach note NAME --handled TEXT, or --gone OBJECT",
    )
    MATCH_REVIEW = (
        "match.review",
        "only a weak sign was seen",
        "look at it (lamsach show NAME) and decide: lamsach note NAME --harmless OBJECT --why TEXT, or clean "
        "it and --handled TEXT; what could not be read: --checked ITEM --why TEXT",
    )

    # unknown, after a tool ran
    CLEANER_CONTRADICTION = (
        "cleaner.contradiction",
        "the tool's log and its exit code disagree",
        "read the kept log (lamsach show NAME) and look at the computer, then let the tool run again: --retry unknown",
    )
    CLEANER_FAILED = ("cleaner.failed", "the tool failed", "read the kept log (lamsach show), mend it, then retry")
    CLEANER_UNFINISHED = (
        "cleaner.unfinished",
        "the tool's log has no completion marker",
        "read the kept log (lamsach show), then retry",
    )
    CLEANER_UNREADABLE = (
        "cleaner.unreadable",
        "the tool's log cannot be read line by line",
        "change tool.yaml as the detail says, then --retry unknown",
    )
    CLEANER_PARTIAL = (
        "cleaner.partial",
        "the tool passed over something that it should have looked at",
        "raise its limits in tool.yaml, or look at what the detail names, then --retry unknown",
    )
    CLEAN_INTERRUPTED = (
        "clean.interrupted",
        "the tool was torn off midway",
        "look at the computer, then let the tool run to its end: --apply --retry unknown",
    )
    CLEAN_UNVERIFIED = (
        "clean.unverified",
        "the removal could not be confirmed",
        "look again with --retry unknown; where no look reaches the object, see for yourself and then "
        "lamsach note NAME --gone OBJECT",
    )

    BUG = ("bug", "the controller itself failed here", "run it again with --debug, and report it")

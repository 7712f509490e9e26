"""WS-Management faults with the codes and sentences that Windows hosts were recorded to send."""

from typing import Final
from xml.sax.saxutils import escape

from controller.lab.winrm import soap

_ACTION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_DETAIL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
_NAMESPACE: Final = 'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"'


class FaultError(Exception):
    """An answer that says why not. `detail` is the last word of a FaultDetail URI, or empty."""

    def __init__(self, code: int, text: str, subcode: str, *, sender: bool = False, detail: str = "") -> None:
        super().__init__(text)
        self.code = code
        self._text = text
        self._subcode = subcode
        self._who = "s:Sender" if sender else "s:Receiver"
        self._detail = f"<w:FaultDetail>{_DETAIL}{detail}</w:FaultDetail>" if detail else ""

    def render(self, request: soap.Request, computer: str) -> bytes:
        """Return the message that says so, from `computer`."""
        text = escape(self._text)
        body = (
            f"<s:Fault><s:Code><s:Value>{self._who}</s:Value><s:Subcode><s:Value>{self._subcode}</s:Value></s:Subcode>"
            f'</s:Code><s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail>{self._detail}'
            f'<f:WSManFault {_NAMESPACE} Code="{self.code}" Machine="{escape(computer)}"><f:Message>{text}</f:Message>'
            "</f:WSManFault></s:Detail></s:Fault>"
        )
        return soap.envelope(_ACTION, request.message_id, body)


def timed_out() -> FaultError:
    """Nothing came within the operation's time; a client asks again."""
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "
    return FaultError(2150858793, text, "w:TimedOut")


def no_shell() -> FaultError:
    """There is no such shell (any more)."""
    text = (
        "The WS-Management service cannot process the request because the request contained invalid selectors"
        " for the resource. "
    )
    return FaultError(2150858843, text, "w:InvalidSelectors", sender=True, detail="UnexpectedSelectors")


def no_command() -> FaultError:
    """There is no such command (any more)."""
    text = (
        "The Windows Remote Shell received a request to perform an operation on a command identifier that does not"
        " exist. Either the command has completed execution or the client specified an invalid command identifier. "
    )
    return FaultError(2150858843, text, "w:InvalidSelectors", sender=True, detail="UnexpectedSelectors")


def too_many_shells(limit: int) -> FaultError:
    """The account has as many shells as it may."""
    text = (
        "The WS-Management service cannot process the request. This user is allowed a maximum number of"
        f" {limit} concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. "
    )
    return FaultError(2150859173, text, "w:QuotaLimit")


def unsupported(action: str) -> FaultError:
    """A verb that this lab does not need."""
    return FaultError(2150858754, f"The action {action} is not supported.", "a:ActionNotSupported", sender=True)


def aborted() -> FaultError:
    """The PowerShell behind a shell has ended."""
    text = "The I/O operation has been aborted because of either a thread exit or an application request. "
    return FaultError(995, text, "w:InternalError")


def bad_input(text: str) -> FaultError:
    """What PowerShell says when what it was sent is no PSRP, or more than it takes."""
    return FaultError(2152992672, text, "w:InternalError")

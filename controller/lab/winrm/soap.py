"""WS-Management envelopes, as Windows reads and writes them."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

_SOAP: Final = "{http://www.w3.org/2003/05/soap-envelope}"
_ADDRESSING: Final = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_WSMAN: Final = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
RSP: Final = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"
PWSH: Final = "{http://schemas.microsoft.com/powershell}"

TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/"
POWERSHELL: Final = "http://schemas.microsoft.com/powershell/"
ANONYMOUS: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
DONE: Final = f"{SHELL}CommandState/Done"
STOP: Final = "powershell/signal/crtl_c"
"""Sic: what PowerShell compares with. Any other code closes the command."""

_LOWEST_ENVELOPE: Final = 153600
_DURATION: Final = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
_NAMESPACES: Final = " ".join(
    (
        'xml:lang="en-US"',
        'xmlns:s="http://www.w3.org/2003/05/soap-envelope"',
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
        'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"',
        'xmlns:e="http://schemas.xmlsoap.org/ws/2004/08/eventing"',
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"',
        'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"',
        'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"',
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One message of a client. `timeout` is in seconds; `shell_id` is empty when it names no shell."""

    action: str
    message_id: str
    to: str
    resource: str
    timeout: float
    max_envelope: int
    shell_id: str
    body: ET.Element

    @property
    def verb(self) -> str:
        """The last word of its action: Create, Receive and so on."""
        return self.action.rpartition("/")[2]


def parse(data: bytes, *, default_timeout: float) -> Request:
    """Read a message.

    Raises:
        ValueError: it is no SOAP envelope.

    """
    try:
        root = ET.fromstring(data)  # noqa: S314  # from a client that has logged on to a lab computer
    except ET.ParseError as error:
        raise ValueError("not XML") from error
    head, body = root.find(f"{_SOAP}Header"), root.find(f"{_SOAP}Body")
    if head is None or body is None:
        raise ValueError("not a SOAP envelope")
    texts = {each.tag: each.text or "" for each in head}
    return Request(
        action=texts.get(f"{_ADDRESSING}Action", ""),
        message_id=texts.get(f"{_ADDRESSING}MessageID", ""),
        to=texts.get(f"{_ADDRESSING}To", ""),
        resource=texts.get(f"{_WSMAN}ResourceURI", ""),
        timeout=seconds(texts.get(f"{_WSMAN}OperationTimeout"), default_timeout),
        max_envelope=int(texts.get(f"{_WSMAN}MaxEnvelopeSize") or _LOWEST_ENVELOPE),
        shell_id=_selectors(head).get("ShellId", "").upper(),
        body=body,
    )


def _selectors(head: ET.Element) -> Mapping[str, str]:
    chosen = head.iterfind(f"{_WSMAN}SelectorSet/{_WSMAN}Selector")
    return {each.get("Name", ""): each.text or "" for each in chosen}


def seconds(text: str | None, default: float) -> float:
    """Read a duration such as `PT180.000S`; `default` when it is none."""
    match = _DURATION.fullmatch(text or "")
    if not match or not any(match.groups()):
        return default
    days, hours, minutes, rest = (float(each or 0) for each in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def response(request: Request, action: str, body: str) -> bytes:
    """Return the answer to `request`; `body` is XML."""
    return envelope(action, request.message_id, body)


def envelope(action: str, relates_to: str, body: str) -> bytes:
    """Return a whole message."""
    return (
        f"<s:Envelope {_NAMESPACES}><s:Header><a:Action>{action}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()

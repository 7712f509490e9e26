"""CLIXML, the form in which PowerShell writes objects: what the lab reads of a client, and what it writes."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

CAPABILITY: Final = (
    '<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    '<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'
)
PRIVATE_DATA: Final = (
    '<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1"><TN RefId="0">'
    "<T>System.Management.Automation.PSPrimitiveDictionary</T><T>System.Collections.Hashtable</T>"
    '<T>System.Object</T></TN><DCT><En><S N="Key">PSVersionTable</S><Obj N="Value" RefId="2"><TNRef RefId="0" />'
    '<DCT><En><S N="Key">PSVersion</S><Version N="Value">5.1.19041.4522</Version></En>'
    '<En><S N="Key">PSRemotingProtocolVersion</S><Version N="Value">2.3</Version></En>'
    '<En><S N="Key">SerializationVersion</S><Version N="Value">1.1.0.1</Version></En></DCT></Obj></En></DCT></Obj>'
    "</MS></Obj>"
)
OPENED: Final = '<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>'
COMPLETED: Final = '<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>'
STOPPED: Final = '<Obj RefId="0"><MS><I32 N="PipelineState">3</I32></MS></Obj>'


@dataclass(frozen=True, slots=True)
class Asked:
    """A script with its positional arguments; `no_input` says that nothing comes through its pipeline."""

    script: str
    arguments: tuple[str, ...]
    no_input: bool


def read_pipeline(xml: bytes) -> Asked:
    """Read a CREATE_PIPELINE message.

    Raises:
        ValueError: it holds no script.

    """
    root = _parsed(xml)
    for command in root.iterfind('.//Obj[@N="Cmds"]/LST/Obj/MS'):
        if command.findtext('B[@N="IsScript"]') == "true":
            script = _unescaped(command.findtext('S[@N="Cmd"]') or "")
            arguments = tuple(
                _unescaped(each.text or "") for each in command.iterfind('Obj[@N="Args"]/LST/Obj/MS/S[@N="V"]')
            )
            return Asked(script, arguments, no_input=root.findtext('MS/B[@N="NoInput"]') == "true")
    raise ValueError("a pipeline without a script")


def read_value(xml: bytes) -> bytes:
    """Read one object of pipeline input: bytes as they are, a text in UTF-8.

    Raises:
        ValueError: it is neither.

    """
    root = _parsed(xml)
    if root.tag == "BA":
        try:
            return base64.b64decode(root.text or "")
        except binascii.Error as error:
            raise ValueError("not base64") from error
    if root.tag == "S":
        return _unescaped(root.text or "").encode("utf-8", errors="surrogatepass")
    raise ValueError(f"a '{root.tag}' through the pipeline")


def text(value: str) -> str:
    """Return a string as an object."""
    return f"<S>{_escaped(value)}</S>"


def failed(message: str, error_id: str) -> str:
    """Return the state of a pipeline that ended with an error."""
    return (
        '<Obj RefId="0"><MS><I32 N="PipelineState">5</I32>'
        f'<Obj N="ExceptionAsErrorRecord" RefId="1">{"".join(_error(message, error_id))}</Obj></MS></Obj>'
    )


def _error(message: str, error_id: str) -> Iterator[str]:
    said, name = _escaped(message), _escaped(error_id)
    yield '<TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>'
    yield f'<ToString>{said}</ToString><MS><Obj N="Exception" RefId="2"><TN RefId="1">'
    yield "<T>System.Management.Automation.RuntimeException</T><T>System.Exception</T><T>System.Object</T></TN>"
    yield f'<ToString>{said}</ToString><Props><S N="Message">{said}</S><I32 N="HResult">-2146233087</I32></Props></Obj>'
    yield f'<Nil N="TargetObject" /><S N="FullyQualifiedErrorId">{name}</S><Nil N="InvocationInfo" />'
    yield '<I32 N="ErrorCategory_Category">0</I32><S N="ErrorCategory_Activity"></S>'
    yield f'<S N="ErrorCategory_Reason">{name}</S><S N="ErrorCategory_TargetName"></S>'
    yield f'<S N="ErrorCategory_TargetType"></S><S N="ErrorCategory_Message">{name}</S>'
    yield '<B N="SerializeExtendedInfo">false</B></MS>'


def _parsed(xml: bytes) -> ET.Element:
    try:
        return ET.fromstring(xml)  # noqa: S314  # from a client that has logged on to a lab computer
    except ET.ParseError as error:
        raise ValueError("not CLIXML") from error


def _unescaped(value: str) -> str:
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _escaped(value: str) -> str:
    return escape(_TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", value))

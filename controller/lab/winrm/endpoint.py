"""The WinRM service of one PC: shells, their commands, and what they have to say."""

import base64
import binascii
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from controller.lab.winrm import faults, soap
from controller.lab.winrm.channel import Channel
from controller.lab.winrm.shell import BackendFactory, Shell, Streams

MAX_ENVELOPE: Final = 500 * 1024
MAX_TIMEOUT: Final = 60.0
_IDLE_SECONDS: Final = 7200.0
_SHELLS_PER_USER: Final = 30
_RECEIVE: Final = 128 * 1024
"""Bytes that Windows puts into one answer, whatever a client would take."""


class Endpoint:
    """Serves one PC, with the quotas of Windows 10.

    `cut_after` is the number of bytes of one command's output behind which its answers are marked to be cut;
    None cuts nothing.
    """

    def __init__(self, computer: str, backend: BackendFactory, *, cut_after: int | None = None) -> None:
        self._computer = computer
        self._backend = backend
        self._cut_after = cut_after
        self._shells: dict[str, Shell] = {}
        self._verbs: Mapping[str, Callable[[soap.Request, Shell], Awaitable[bytes]]] = {
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
            "Delete": self._delete,
        }

    @property
    def shells(self) -> int:
        """How many shells there are."""
        return len(self._shells)

    async def answer(self, request: soap.Request, account: str) -> tuple[int, bytes]:
        """Return the HTTP status and the message that answer `request` of `account`."""
        try:
            return 200, await self._answer(request, account)
        except faults.FaultError as fault:
            return 500, fault.render(request, self._computer)

    def cuts(self, request: soap.Request) -> bool:
        """Say whether the answer to `request` holds more of a command's output than may go out."""
        shell = self._shells.get(request.shell_id)
        if self._cut_after is None or request.verb != "Receive" or not shell:
            return False
        return any(each.delivered > self._cut_after for each in shell.streams.commands.values())

    async def reap(self) -> None:
        """End the shells that were forgotten."""
        for shell in [each for each in self._shells.values() if each.forgotten]:
            await self._end(shell)

    async def reboot(self) -> None:
        """End every shell, as a restart of the PC does."""
        for shell in list(self._shells.values()):
            await self._end(shell)

    async def _answer(self, request: soap.Request, account: str) -> bytes:
        if request.verb == "Create":
            return await self._create(request, account)
        if request.verb not in self._verbs:
            raise faults.unsupported(request.action)
        shell = self._shells.get(request.shell_id)
        if not shell or shell.owner != account:
            raise faults.no_shell()
        shell.waiting += 1
        try:
            return await self._verbs[request.verb](request, shell)
        finally:
            shell.waiting -= 1
            shell.touch()

    async def _create(self, request: soap.Request, account: str) -> bytes:
        asked = request.body.find(f"{soap.RSP}Shell")
        if asked is None or not request.resource.startswith(soap.POWERSHELL):
            raise faults.unsupported(request.action)
        if sum(each.owner == account for each in self._shells.values()) >= _SHELLS_PER_USER:
            raise faults.too_many_shells(_SHELLS_PER_USER)
        streams = Streams()
        shell = Shell(
            id=(asked.get("ShellId") or str(uuid.uuid4())).upper(),
            owner=account,
            resource=request.resource,
            idle_timeout=soap.seconds(asked.findtext(f"{soap.RSP}IdleTimeOut"), _IDLE_SECONDS),
            streams=streams,
            backend=self._backend(streams),
            waiting=1,
        )
        self._shells[shell.id] = shell
        try:
            await shell.backend.open(_decoded(asked.findtext(f"{soap.PWSH}creationXml")))
        except faults.FaultError:
            await self._end(shell)
            raise
        finally:
            shell.waiting -= 1
            shell.touch()
        return soap.response(request, f"{soap.TRANSFER}CreateResponse", _created(request, shell))

    async def _command(self, request: soap.Request, shell: Shell) -> bytes:
        asked = _part(request, "CommandLine")
        command_id = (asked.get("CommandId") or str(uuid.uuid4())).upper()
        shell.streams.commands[command_id] = Channel()
        try:
            await shell.backend.command(command_id, _decoded(asked.findtext(f"{soap.RSP}Arguments")))
        except faults.FaultError:
            shell.streams.commands.pop(command_id, None)
            raise
        body = f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"
        return soap.response(request, f"{soap.SHELL}CommandResponse", body)

    async def _send(self, request: soap.Request, shell: Shell) -> bytes:
        for stream in _part(request, "Send").iterfind(f"{soap.RSP}Stream"):
            command_id = stream.get("CommandId", "").upper()
            _channel(shell, command_id)
            await shell.backend.send(command_id, stream.get("Name", ""), _decoded(stream.text))
        return soap.response(request, f"{soap.SHELL}SendResponse", "<rsp:SendResponse/>")

    async def _receive(self, request: soap.Request, shell: Shell) -> bytes:
        """The same message again gets the same answer: its client may not have got it."""
        asked = _part(request, "Receive").find(f"{soap.RSP}DesiredStream")
        command_id = asked.get("CommandId", "").upper() if asked is not None else ""
        channel = _channel(shell, command_id)
        if channel.told_to == request.message_id:
            return channel.told
        if channel.over:
            raise faults.no_command()
        await channel.ready(min(request.timeout, MAX_TIMEOUT))
        if channel.told_to == request.message_id:
            return channel.told
        chunks, over = channel.take(min(_RECEIVE, max(4096, (request.max_envelope - 2500) * 3 // 4)))
        channel.told_to = request.message_id
        channel.told = soap.response(request, f"{soap.SHELL}ReceiveResponse", _received(command_id, chunks, over=over))
        return channel.told

    async def _signal(self, request: soap.Request, shell: Shell) -> bytes:
        asked = _part(request, "Signal")
        command_id = asked.get("CommandId", "").upper()
        if command_id in shell.streams.commands:
            if asked.findtext(f"{soap.RSP}Code") == soap.STOP:
                await shell.backend.stop(command_id)
            else:
                shell.streams.commands.pop(command_id).close()
                await shell.backend.forget(command_id)
        return soap.response(request, f"{soap.SHELL}SignalResponse", "<rsp:SignalResponse/>")

    async def _delete(self, request: soap.Request, shell: Shell) -> bytes:
        await self._end(shell)
        return soap.response(request, f"{soap.TRANSFER}DeleteResponse", "")

    async def _end(self, shell: Shell) -> None:
        self._shells.pop(shell.id, None)
        await shell.end()


def _part(request: soap.Request, name: str) -> ET.Element:
    part = request.body.find(f"{soap.RSP}{name}")
    if part is None:
        raise faults.unsupported(request.action)
    return part


def _channel(shell: Shell, command_id: str) -> Channel:
    if not command_id:
        return shell.streams.shell
    if command_id not in shell.streams.commands:
        raise faults.no_command()
    return shell.streams.commands[command_id]


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error as error:
        raise faults.bad_input("not base64") from error


def _created(request: soap.Request, shell: Shell) -> str:
    resource = escape(shell.resource)
    return (
        f"<x:ResourceCreated><a:Address>{escape(request.to)}</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{resource}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell.id}</w:Selector>'
        "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:ResourceUri>{resource}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(shell.owner)}</rsp:Owner><rsp:IdleTimeOut>PT{shell.idle_timeout:.3f}S</rsp:IdleTimeOut>"
        "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>"
    )


def _received(command_id: str, chunks: list[bytes], *, over: bool) -> str:
    whose = f' CommandId="{command_id}"' if command_id else ""
    parts = [f'<rsp:Stream Name="stdout"{whose}>{base64.b64encode(each).decode()}</rsp:Stream>' for each in chunks]
    if over:
        parts.append(f'<rsp:CommandState{whose} State="{soap.DONE}"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>')
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"

"""A shell without a PowerShell behind it: whatever is asked, something of ours answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from controller.lab.winrm import clixml, faults
from controller.lab.winrm.clixml import Asked
from controller.lab.winrm.fragments import Joiner, Message, MessageType, Splitter
from controller.lab.winrm.shell import Streams

_INPUTS_HELD: Final = 16


class ScriptError(Exception):
    """What ends a script: the text of an error, and its id."""

    def __init__(self, message: str, error_id: str = "RuntimeException") -> None:
        super().__init__(message)
        self.error_id = error_id


Responder = Callable[[Asked, AsyncIterator[bytes]], AsyncIterator[str]]
"""Given what was asked and what comes through the pipeline, yields the strings of the answer; ScriptError ends it."""


@dataclass(slots=True)
class _Pipeline:
    """One script: its input as it comes (None is its end), and the task that answers it."""

    message: Message
    inputs: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(_INPUTS_HELD))
    answering: asyncio.Task[None] | None = None


class Rendered:
    """The backend of one shell; `respond` answers its scripts."""

    def __init__(self, streams: Streams, respond: Responder) -> None:
        self._streams = streams
        self._respond = respond
        self._splitter: Splitter | None = None
        self._joiners: dict[str, Joiner] = {}
        self._pipelines: dict[str, _Pipeline] = {}

    async def open(self, creation: bytes) -> None:
        """Say what PowerShell says when a runspace pool opens."""
        opening = self._messages("", creation)
        if [message.kind for message in opening] != [MessageType.SESSION_CAPABILITY, MessageType.INIT_RUNSPACE_POOL]:
            raise faults.bad_input("this opens no runspace pool")
        self._splitter = splitter = Splitter(opening[0].pool)
        for kind, xml in (
            (MessageType.SESSION_CAPABILITY, clixml.CAPABILITY),
            (MessageType.APPLICATION_PRIVATE_DATA, clixml.PRIVATE_DATA),
            (MessageType.RUNSPACE_POOL_STATE, clixml.OPENED),
        ):
            for fragment in splitter.split(kind, xml):
                self._streams.shell.put(fragment)

    async def command(self, command_id: str, data: bytes) -> None:
        """Begin to answer a script."""
        await self._take(command_id, data)

    async def send(self, command_id: str, stream: str, data: bytes) -> None:
        """Take what comes through a pipeline; it has to wait while a script is slow to take it."""
        if stream == "stdin":
            await self._take(command_id, data)

    async def stop(self, command_id: str) -> None:
        """Stop a script."""
        if (pipeline := self._pipelines.get(command_id)) and pipeline.answering:
            pipeline.answering.cancel()

    async def forget(self, command_id: str) -> None:
        """Stop a script and let go of it."""
        await self.stop(command_id)
        self._pipelines.pop(command_id, None)
        self._joiners.pop(command_id, None)

    async def close(self) -> None:
        """Stop everything."""
        for command_id in tuple(self._pipelines):
            await self.forget(command_id)

    def _messages(self, command_id: str, data: bytes) -> list[Message]:
        try:
            return list(self._joiners.setdefault(command_id, Joiner()).feed(data))
        except ValueError as error:
            raise faults.bad_input(str(error)) from error

    async def _take(self, command_id: str, data: bytes) -> None:
        for message in self._messages(command_id, data):
            try:
                await self._took(command_id, message)
            except ValueError as error:
                raise faults.bad_input(str(error)) from error

    async def _took(self, command_id: str, message: Message) -> None:
        pipeline = self._pipelines.get(command_id)
        if message.kind == MessageType.CREATE_PIPELINE and not pipeline:
            asked = clixml.read_pipeline(message.xml)
            self._pipelines[command_id] = pipeline = _Pipeline(message)
            pipeline.answering = asyncio.create_task(self._answer(command_id, pipeline, asked))
        elif message.kind == MessageType.PIPELINE_INPUT and pipeline:
            await pipeline.inputs.put(clixml.read_value(message.xml))
        elif message.kind == MessageType.END_OF_PIPELINE_INPUT and pipeline:
            await pipeline.inputs.put(None)

    async def _answer(self, command_id: str, pipeline: _Pipeline, asked: Asked) -> None:
        state = clixml.STOPPED
        try:
            async for value in self._respond(asked, _each(pipeline.inputs, asked)):
                self._say(command_id, pipeline, MessageType.PIPELINE_OUTPUT, clixml.text(value))
                if channel := self._streams.commands.get(command_id):
                    await channel.room()
            state = clixml.COMPLETED
        except ScriptError as error:
            state = clixml.failed(str(error), error.error_id)
        finally:
            self._say(command_id, pipeline, MessageType.PIPELINE_STATE, state)
            if channel := self._streams.commands.get(command_id):
                channel.end()

    def _say(self, command_id: str, pipeline: _Pipeline, kind: MessageType, xml: str) -> None:
        channel = self._streams.commands.get(command_id)
        if channel and self._splitter:
            for fragment in self._splitter.split(kind, xml, pipeline.message.pipeline):
                channel.put(fragment)


async def _each(inputs: asyncio.Queue[bytes | None], asked: Asked) -> AsyncIterator[bytes]:
    while not asked.no_input and (value := await inputs.get()) is not None:
        yield value

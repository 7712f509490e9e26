"""Ask a host one question and read its answer to the end line."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import PureWindowsPath
from typing import Final

from controller.collectors import answer as answers
from controller.collectors.identity import identity
from controller.errors import HostError, Reason
from controller.indicators.text import values_in
from controller.model.collector import Answer, Collector, Row
from controller.model.fleet import Host, Platform
from controller.model.indicator import Kind
from controller.model.playbook import LookArguments
from controller.model.result import Evidence, Greeting, Look, LookKey
from controller.tasks.base import Judging, TaskContext
from controller.transports.base import PRODUCT_FOLDER, Session

GREETING: Final = "host"
"""The collector whose question opens every session."""

FIRST_ANSWER_SECONDS: Final = 20
"""Seconds that a host has for the answer to the first question, unless the operator sets another limit."""
_ROOT: Final = "root="
"""What a script's argument that names a folder begins with."""

_NO_SYSTEM: Final = 65
"""The exit code of a Linux script for which no system lies on the disk that it was sent to (frame.sh)."""

_MARGIN: Final = 5
"""Seconds that a script may need beyond its own limit to say its end line."""


def applies(arguments: LookArguments, collector: Collector, platform: Platform) -> bool:
    """Say whether a look has anything to ask on `platform`: a script, folders where it needs them, and our wish."""
    rootless = "roots" in collector.spec.takes and not arguments.roots.get(platform)
    meant = platform in (arguments.platforms or tuple(Platform))
    return meant and platform in collector.scripts and not rootless


def look(arguments: LookArguments, context: TaskContext, judging: Judging | None, *, repeats: bool = False) -> Look:
    """Ask the collector of `arguments`, and judge its answer by `judging` when there is one.

    Raises:
        HostError: the host gave no whole answer; its reason says how.

    """
    collector = context.collector(arguments.collector)
    asked = _asked(arguments, collector, context.host)
    key = LookKey(collector=collector.spec.name, arguments=asked, lists=judging.digests if judging else ())
    _, made = answered(context, key, asked, seconds=arguments.seconds or collector.spec.seconds)
    return replace(
        made,
        judged=judging is not None,
        repeats=repeats,
        matches=tuple(judging.match(made.observations)) if judging else (),
    )


def answered(context: TaskContext, key: LookKey, words: Sequence[str], *, seconds: int) -> tuple[Answer, Look]:
    """Ask the collector of `key` with these `words`; return its answer, and the look that is not judged yet.

    All three hashes of a file are asked for, whatever the lists of today hold: a list that comes later must not find
    that nobody computed what it names.

    Raises:
        HostError: the host gave no whole answer; its reason says how.

    """
    collector = context.collector(key.collector)
    began = context.latest_commit()
    answer, evidence = ask(context.session, context.host, collector, (*words, *_hashes(collector)), seconds=seconds)
    ours = partial(is_ours, platform=context.host.platform, pushed=context.pushed)
    seen = answers.observations(collector.spec, answer, values_in, is_ours=ours)
    return answer, Look(
        key=key,
        rows=len(answer.rows),
        unread=answer.unread,
        stopped=answer.stopped,
        judged=False,
        observations=seen,
        gathered=frozenset(each.kind for each in seen),
        answer=evidence,
        began=began,
        boot_id=context.session.greeting.boot_id,
        revision=collector.spec.revision,
        roots=answer.roots,
        unread_items=answer.unread_items,
    )


def greet(session: Session, host: Host, collector: Collector, *, seconds: int = FIRST_ANSWER_SECONDS) -> Greeting:
    """Ask who the host is, and with which rights we stand there; the script is stopped there after `seconds`.

    Raises:
        HostError: it gave no whole answer, or none at all (`answer.empty`).

    """
    answer, evidence = ask(session, host, collector, (), seconds=seconds, margin=0)
    if not answer.rows:
        raise HostError(Reason.ANSWER_EMPTY, f"it does not say who it is: {answer.stopped}", raw=evidence.data)
    row = answer.rows[0]
    return Greeting(
        identity=identity(row, "" if host.sysroot else session.host_key),  # a mounted disk has no SSH server
        elevated=bool(row["elevated"]),
        free_bytes=_integer(row, "free_bytes"),
        clock=_integer(row, "clock"),
        powershell=str(row["powershell"]),
        language_mode=str(row["language_mode"]),
        boot_id=str(row["boot_id"]),
    )


def ask(
    session: Session,
    host: Host,
    collector: Collector,
    arguments: Sequence[str],
    *,
    seconds: int,
    margin: int = _MARGIN,
) -> tuple[Answer, Evidence]:
    """Send a collector's script, and read the answer that carries this very question's nonce.

    The host stops the script after `seconds` + `margin`; a script that keeps no time itself needs no margin.

    Raises:
        HostError: the host gave no whole answer, or one that does not say what became of each root, or there is no
            system on the disk that `lamsach_sysroot` names (`sysroot.missing`).

    """
    nonce, sysroot = secrets.token_hex(8), host.sysroot or "-"
    try:
        reply = session.run(collector.scripts[host.platform], (nonce, sysroot, *arguments), seconds=seconds + margin)
    except HostError as error:
        if error.reason is Reason.HOST_TIMEOUT:
            raise type(error)(error.reason, f"'{collector.spec.name}' had no answer after {seconds} s") from error
        raise
    complaint = reply.stderr[-400:].decode("utf-8", errors="replace").strip()
    if reply.exit_code == _NO_SYSTEM and host.sysroot:
        raise HostError(Reason.SYSROOT_MISSING, complaint or host.sysroot)
    try:
        answer = answers.read(collector.spec, reply.stdout, nonce=nonce, sysroot=sysroot)
        _check_roots(answer, arguments)
    except HostError as error:
        detail = f"{error.detail}; exit {reply.exit_code}" + (f": {complaint}" if complaint else "")
        raise HostError(error.reason, detail, raw=reply.stdout) from error
    if reply.exit_code:
        raise HostError(Reason.ANSWER_GARBLED, f"a whole answer, but exit {reply.exit_code}", raw=reply.stdout)
    return answer, kept(reply.stdout)


def _check_roots(answer: Answer, arguments: Sequence[str]) -> None:
    """An answer that saw everything says of each folder that was asked for whether it is there."""
    asked = {each.removeprefix(_ROOT) for each in arguments if each.startswith(_ROOT)}
    silent = sorted(asked - {root.asked for root in answer.roots})
    if silent and answer.stopped is None:
        raise HostError(Reason.ANSWER_GARBLED, f"'{answer.collector}' does not say what became of root '{silent[0]}'")


def kept(data: bytes) -> Evidence:
    """Put `data` under its SHA-256."""
    return Evidence(sha256=sha256(data).hexdigest(), data=data)


def _asked(arguments: LookArguments, collector: Collector, host: Host) -> tuple[str, ...]:
    roots = arguments.roots.get(host.platform, ())
    limits = (("max_files", arguments.max_files), ("seconds", arguments.seconds or collector.spec.seconds))
    taken = [f"{name}={value}" for name, value in limits if value is not None and name in collector.spec.takes]
    levels = [f"depth={arguments.depth}"] if arguments.depth else []
    return tuple(sorted((*(f"{_ROOT}{root}" for root in roots), *taken, *levels)))


def _hashes(collector: Collector) -> tuple[str, ...]:
    """Return the words that ask for the hashes which a script computes only when it is asked."""
    shown = {kind for column in collector.spec.columns for kind in column.kinds}
    return tuple(f"hashes={kind}" for kind in (Kind.MD5, Kind.SHA1) if kind in shown)


def is_ours(row: Row, *, platform: Platform, pushed: Collection[str]) -> bool:
    """Say whether we placed it there: it lies in our folder and has a SHA-256 that is among the `pushed`."""
    path, folder = str(row.get("path", "")), PRODUCT_FOLDER[platform]
    if platform is Platform.WINDOWS:
        return PureWindowsPath(path).is_relative_to(folder) and row.get("sha256") in pushed
    return path.startswith(f"{folder}/") and row.get("sha256") in pushed


def _integer(row: Row, column: str) -> int:
    value = row[column]
    return value if isinstance(value, int) else 0

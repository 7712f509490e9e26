"""What a store holds of the password logons of one account at one moment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Logon:
    """A password logon that is about to start.

    `account` is the name that all spellings share. `proof` stands for the password: a random name that one run of
    the program gives it, so that two runs, or two passwords of one run, never have the same.
    """

    account: str
    proof: str
    host: str
    begun: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A logon that was refused."""

    host: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLogon:
    """A logon without an answer.

    `ended` is when its line broke; None while it may still be answered, and when the program was killed meanwhile.
    `own` says that it has the proof of whoever asks, `proven` that a logon with its proof was accepted since the
    account's newest refusal. `cleared` says that after it began one with its proof was accepted, or, if its proof
    ever was, any of the account: when it began the password was right.
    """

    host: str
    begun: datetime
    ended: datetime | None
    own: bool
    proven: bool
    cleared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The refused and the open logons of an account, newest first, and how the proof of whoever asks has fared.

    `accepted` is how many logons with that proof were accepted since the account's newest refusal (64 at most are
    counted), `last_accepted` when the newest of them was.
    """

    refusals: tuple[Refusal, ...] = ()
    open: tuple[OpenLogon, ...] = ()
    accepted: int = 0
    last_accepted: datetime | None = None

"""Who may log on to a PC over HTTP: NTLM, which proves an account once for a whole connection."""

import base64
import binascii
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from controller.lab.winrm.encryption import Seal
from controller.lab.winrm.http import Headers

_OFFER: Final = (("WWW-Authenticate", "Negotiate"),)
_PROOF: Final = b"NTLMSSP\x00\x03\x00\x00\x00"
_USER_FIELD: Final = 36


class Judge(Protocol):
    """Decides on logons."""

    def __call__(self, account: str, *, proved: bool) -> bool:
        """Take note that `account` has proved its password, or not; say whether it is let in."""
        ...


def keep_accounts(path: Path, passwords: Mapping[str, str]) -> None:
    """Write the passwords that proofs are compared with to `path`, for this process (pyspnego takes them so)."""
    path.touch(mode=0o600)
    path.write_text("".join(f":{account}:{password}\n" for account, password in passwords.items()), encoding="utf-8")
    os.environ["NTLM_USER_FILE"] = str(path)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a step of a logon leads to: let in or not, and the headers to answer with."""

    accepted: bool
    headers: Headers = ()


class Logon:
    """The logon of one connection. `binding` are the channel bindings of its TLS, which a proof must then hold."""

    def __init__(self, judge: Judge, binding: bytes = b"") -> None:
        self._judge = judge
        self._bindings = GssChannelBindings(application_data=binding) if binding else None
        self._context: spnego.ContextProxy | None = None
        self.account = ""
        """Who is let in; empty while nobody is."""

    @property
    def seal(self) -> Seal | None:
        """The security context that messages are sealed with."""
        return self._context if self.account else None

    def step(self, authorization: str) -> Answered:
        """Take the client's Authorization header (empty when it sent none)."""
        if not authorization:
            return Answered(accepted=True) if self.account else Answered(accepted=False, headers=_OFFER)
        scheme, _, text = authorization.partition(" ")
        try:
            token = base64.b64decode(text, validate=True)
        except binascii.Error:
            return Answered(accepted=False, headers=_OFFER)
        return self._negotiate(token) if scheme.lower() == "negotiate" else Answered(accepted=False, headers=_OFFER)

    def _negotiate(self, token: bytes) -> Answered:
        if self._context is None or self._context.complete:
            self.account = ""
            self._context = spnego.server(protocol="negotiate", channel_bindings=self._bindings)
        try:
            reply = self._context.step(token)
        except (SpnegoError, ValueError, struct.error):
            self._context = None
            if _PROOF in token:
                self._judge(_account_in(token), proved=False)
            return Answered(accepted=False, headers=_OFFER)
        told = f"Negotiate {base64.b64encode(reply).decode()}" if reply else "Negotiate"
        if not self._context.complete:
            return Answered(accepted=False, headers=(("WWW-Authenticate", told),))
        account = (self._context.client_principal or "").rpartition("\\")[2]
        if not self._judge(account, proved=True):
            self._context = None
            return Answered(accepted=False, headers=_OFFER)
        self.account = account
        return Answered(accepted=True, headers=(("WWW-Authenticate", told),))


def _account_in(token: bytes) -> str:
    """Return the account that a proof names; NTLM writes it in the clear."""
    proof = token[token.index(_PROOF) :]
    try:
        size, _, start = struct.unpack_from("<HHI", proof, _USER_FIELD)
        return proof[start : start + size].decode("utf-16-le")
    except (struct.error, UnicodeDecodeError):
        return "?"

"""Passwords and keys of one lab, made anew at each start: whoever logs on runs commands as the lab's own user."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncssh

from controller.lab.pc import LabFault, LabPc, Login

_KEY_TYPE = "ssh-ed25519"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the operator is given: a password for each account, and one key for the computers that take keys."""

    passwords: Mapping[str, str] = field(repr=False)
    key: asyncssh.SSHKey = field(repr=False)

    def accepts_password(self, pc: LabPc, account: str, password: str) -> bool:
        """Say whether `pc` lets this account in with this password."""
        return self.lets_in(pc, account) and password == self.passwords[account]

    def lets_in(self, pc: LabPc, account: str) -> bool:
        """Say whether `pc` lets this account in, once it has proved its password."""
        takes_it = LabFault.WRONG_PASSWORD not in pc.faults and pc.login is Login.PASSWORD
        return takes_it and account == pc.account

    def accepts_key(self, pc: LabPc, account: str, key: asyncssh.SSHKey) -> bool:
        """Say whether `pc` lets this account in with this public key."""
        return pc.login is Login.KEY and account == pc.account and key == self.key.convert_to_public()


def make_credentials(pcs: Sequence[LabPc]) -> Credentials:
    """Make up a password for every account of `pcs`, and a key."""
    accounts = sorted({pc.account for pc in pcs if pc.login is Login.PASSWORD})
    return Credentials({account: secrets.token_urlsafe(18) for account in accounts}, make_key())


def make_key() -> asyncssh.SSHKey:
    """Make a key for a host or a person."""
    return asyncssh.generate_private_key(_KEY_TYPE)

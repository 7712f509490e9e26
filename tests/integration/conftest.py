"""Fixtures that several files here share."""

from tests.sshd import sshd

__all__ = ["sshd"]

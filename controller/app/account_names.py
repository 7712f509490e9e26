"""Which account a logon can bring nearer to its lockout, however the inventory spells it."""

import re
import unicodedata
from typing import Final

from controller.model.fleet import Connection, Host

_SEPARATOR: Final = re.compile(r"(.*)[\\/+](.*)", re.DOTALL)
"""Between domain and name: Windows writes '\\', and winbind on Linux may be set to '/' or '+'."""

_UNSEEN: Final = frozenset({"Mn", "Cf", "Cc"})
_STROKES: Final = str.maketrans("đøłħŧı", "dolhti")  # letters that Unicode does not take apart


def account_of(host: Host) -> str:
    """Return the shared account that a password logon on `host` counts for; empty when none can be locked by it.

    Nothing counts for a host that is reached by a key, or whose account is its own (`lamsach_account: local`).
    That mark is not believed for a name with a domain: `CUC\\an` and `an@cuc.local` are accounts of the domain,
    unless what stands there is the computer's own name, or `.`.
    """
    by_key = host.connection is Connection.SSH and host.key_file  # a key means nothing to WinRM
    if by_key or not host.secret or (host.local_account and _is_its_own(host)):
        return ""
    return account_name(host.user)


def account_name(user: str) -> str:
    r"""Return one name for all spellings that may mean one account of a domain.

    The domain is left out: whether `CUC` and `cuc.local` are one is known to the domain alone, and a bare name may
    be either. So two accounts of one name in two domains share a budget, which costs time and locks nobody. `.\an`
    counts as `an`, for a domain controller takes it for the domain's account. Letters are compared as Active
    Directory compares them, and more loosely where that is not certain: without case, width, marks and strokes.
    """
    _, name = _parted(user)
    return name or _folded(user) or user


def _is_its_own(host: Host) -> bool:
    domain, _ = _parted(host.user)
    names = {_folded(each) for each in (host.name, host.address)}
    return domain in {"", *names, *(each.partition(".")[0] for each in names)}


def _parted(user: str) -> tuple[str, str]:
    """Return domain and name, folded."""
    folded = _folded(user)
    found = _SEPARATOR.fullmatch(folded)
    before, rest = found.groups() if found else ("", folded)
    name, _, behind = rest.partition("@")
    return _trimmed(before or behind), _trimmed(name)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = "".join(each for each in apart if unicodedata.category(each) not in _UNSEEN)
    return _trimmed(seen.translate(_STROKES))


def _trimmed(text: str) -> str:
    """Take off blanks around a name, and the dots behind it, which Windows drops."""
    return text.strip().rstrip(". ")

"""Paths and bare file names: one spelling each, for Windows and for POSIX."""

import posixpath
import re
import unicodedata
from typing import Final

_QUOTES: Final = " \t\"'\u201c\u201d"

# What a path may begin with instead of its drive. `*` stands for any one user.
_BEGINNINGS: Final = {
    "%systemroot%": r"c:\windows",
    "%windir%": r"c:\windows",
    r"\systemroot": r"c:\windows",
    "system32": r"c:\windows\system32",
    "syswow64": r"c:\windows\syswow64",
    "sysnative": r"c:\windows\system32",
    "csidl_system": r"c:\windows\system32",
    "csidl_windows": r"c:\windows",
    "csidl_program_files": r"c:\program files",
    "csidl_common_appdata": r"c:\programdata",
    "csidl_profile": r"c:\users\*",
    "csidl_appdata": r"c:\users\*\appdata\roaming",
    "csidl_local_appdata": r"c:\users\*\appdata\local",
    "%systemdrive%": "c:",
    "%programfiles%": r"c:\program files",
    "%programw6432%": r"c:\program files",
    "%programfiles(x86)%": r"c:\program files (x86)",
    "%commonprogramfiles%": r"c:\program files\common files",
    "%commonprogramfiles(x86)%": r"c:\program files (x86)\common files",
    "%programdata%": r"c:\programdata",
    "%allusersprofile%": r"c:\programdata",
    "%public%": r"c:\users\public",
    "%userprofile%": r"c:\users\*",
    "%homedrive%%homepath%": r"c:\users\*",
    "%homepath%": r"c:\users\*",
    "%appdata%": r"c:\users\*\appdata\roaming",
    "%localappdata%": r"c:\users\*\appdata\local",
    "%temp%": r"c:\users\*\appdata\local\temp",
    "%tmp%": r"c:\users\*\appdata\local\temp",
}
_SHORT_NAMES: Final = {
    "progra~1": "program files",
    "progra~2": "program files (x86)",
    "docume~1": "documents and settings",
    "micros~1": "microsoft",
    "locals~1": "local settings",
    "applic~1": "application data",
    "common~1": "common files",
}
# Folders that moved between versions of Windows, in the order in which they are replaced.
_MOVED: Final = (
    (re.compile(r"^c:\\windows\\sysnative(?=\\)"), r"c:\\windows\\system32"),
    (re.compile(r"^c:\\documents and settings\\all users\\application data(?=\\)"), r"c:\\programdata"),
    (re.compile(r"^c:\\documents and settings\\all users(?=\\)"), r"c:\\users\\public"),
    (re.compile(r"^c:\\documents and settings(?=\\)"), r"c:\\users"),
    (re.compile(r"^(c:\\users\\[^\\]+)\\local settings\\application data(?=\\)"), r"\1\\appdata\\local"),
    (re.compile(r"^(c:\\users\\[^\\]+)\\local settings\\temp(?=\\)"), r"\1\\appdata\\local\\temp"),
    (re.compile(r"^(c:\\users\\[^\\]+)\\application data(?=\\)"), r"\1\\appdata\\roaming"),
)
_OWNED: Final = re.compile(r"^c:\\users\\(?!(?:public|default|all users)\\)([^\\]+)(?=\\)")
"""The folder of one user, with the name of that folder."""
_NO_USER: Final = re.compile(r"[<>%\[\]{}*?|]|~\d{1,2}\Z")
"""In what stands for any user (`<user>`, `%username%`, `*`), and in a name of 8.3, whose user cannot be told."""
_HOME: Final = re.compile(r"(?:~|\$HOME|\$\{HOME\})(?=/)")
_UNDER_HOME: Final = re.compile(r"/(?:home/[^/]+|root)/(.+)")
_DEVICE: Final = re.compile(r"^\\(?:\?\?|\?|\.)\\(unc\\)?")
_STREAM: Final = re.compile(r":(?::?)\$data$")
_WHOLE: Final = re.compile(r"[a-z]:\\.|\\\\[^\\]+\\[^\\]")
_FORBIDDEN: Final = re.compile(r'[<>"|?*\x00-\x1f]')
_ANY_USER: Final = "c:\\users\\*\\"


def normalise_path(text: str) -> str:
    r"""Return one spelling of a whole path.

    POSIX keeps its case, and the home of whoever is at work is `~`. Windows is in lower case with `\`, without the
    prefixes of devices, with variables replaced as a usual installation has them, and every user's own folder is
    `c:\users\*`.

    Raises:
        ValueError: it is no whole path of one file.

    """
    tidy = unicodedata.normalize("NFC", text)
    if "\0" in tidy:
        raise ValueError("this holds a NUL, which no path can; correct it")
    if home := _HOME.match(tidy):
        return posixpath.normpath("~" + tidy[home.end() :])
    if tidy.startswith("/") and not tidy.startswith(("//?/", "//./")):
        return posixpath.normpath("/" + tidy.lstrip("/"))
    return _windows(tidy)


def at_home(path: str) -> str:
    """Return a normalised POSIX path below a home as `~/…`; empty for any other."""
    under = _UNDER_HOME.fullmatch(path)
    return f"~/{under[1]}" if under else ""


def owner_of(text: str) -> str:
    """Return whose folder a whole Windows path names, in lower case; empty for any user's and for nobody's."""
    try:
        owned = _OWNED.match(_windows_path(unicodedata.normalize("NFC", text)))
    except ValueError:
        return ""
    return owned[1] if owned and not _NO_USER.search(owned[1]) else ""


def normalise_name(text: str) -> str:
    """Return the file name at the end of a path or alone, in lower case.

    Raises:
        ValueError: there is none.

    """
    last = re.split(r"[\\/]", _lower(text).strip(_QUOTES))[-1]
    name = _STREAM.sub("", last).strip(" ").rstrip(". ")
    if not name or "\0" in name:
        raise ValueError("this is no file name; write it as evil.exe")
    return name


def _windows(text: str) -> str:
    path = _OWNED.sub(r"c:\\users\\*", _windows_path(text))
    if _FORBIDDEN.search(path.removeprefix(_ANY_USER)):
        raise ValueError("this holds a letter that no Windows path can; patterns are not matched, write one file")
    return path


def _windows_path(text: str) -> str:
    """Return the one spelling of a path, with the name of the user as it was written."""
    slashed = _lower(text).strip(_QUOTES).replace("/", "\\")
    path = re.sub(r"\\+", r"\\", slashed)
    if device := _DEVICE.match(path):
        path = ("\\\\" if device[1] else "") + path[device.end() :]
    elif slashed.startswith("\\\\"):
        path = "\\" + path
    path = _STREAM.sub("", _folded(_begun(path)))
    for old, new in _MOVED:
        path = old.sub(new, path)
    if not _WHOLE.match(path):
        raise ValueError(r"this is not a whole path; write it with its drive, as C:\Windows\evil.exe")
    return path


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _begun(path: str) -> str:
    """Replace a variable, or a well-known folder, at the beginning."""
    cut = path.find("\\", 1)
    if cut < 0:
        return path
    return _BEGINNINGS.get(path[:cut], path[:cut]) + path[cut:]


def _folded(path: str) -> str:
    r"""Fold `.`, `..`, short names, and the blanks and dots that Windows ignores at the end of a name."""
    unc = "\\\\" if path.startswith("\\\\") else ""
    first, *rest = path.removeprefix(unc).split("\\")
    kept: list[str] = []
    for part in (each.strip(" ") for each in rest):
        if part == "..":
            del kept[-1:]
        elif name := part.rstrip(". "):
            kept.append(_SHORT_NAMES.get(name, name))
    return unc + "\\".join([first, *kept])

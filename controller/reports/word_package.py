"""The ZIP package around a Word document."""

import io
import zipfile
import zlib
from typing import Final

BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    SyntaxError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""What zipfile and lxml raise on a file that is no Word document, cut, encrypted or packed in a way we do not know."""

_DATED: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP can hold: the package does not tell when it was made."""


def repacked(package: bytes) -> bytes:
    """Pack the members sorted, stored and undated: neither clock nor zlib version can be seen in the bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist()):
            target.writestr(zipfile.ZipInfo(name, _DATED), source.read(name))
    return packed.getvalue()

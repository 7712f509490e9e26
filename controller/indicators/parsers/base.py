"""What a parser of IOC lists is."""

from typing import Protocol

from controller.model.indicator import IocList


class Parser(Protocol):
    """Reads one format."""

    def __call__(self, text: str, *, name: str, sha256: str) -> IocList:
        """Return the list with every line accounted for: accepted + rejected + comments = all its lines.

        `name` is what people call the list, `sha256` the digest of its bytes.

        Raises:
            ListError: it is too large to be a list.

        """
        ...

"""Run lamsach on a disk that gets full: `python -m tests.bounded PAGES lamsach-arguments…`.

The store cannot grow beyond PAGES pages; SQLite says then what it says on a full disk.
"""

import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from controller.cli import main
from controller.store.ledger import Ledger

if __name__ == "__main__":
    opened = partial(Ledger.open, max_pages=int(sys.argv[1]))

    def bounded(path: Path, *, create: bool = True) -> AbstractContextManager[Ledger]:
        """Open the store as the commands do."""
        return opened(path, create=create)

    Ledger.open = bounded  # type: ignore[method-assign, assignment]
    del sys.argv[1]
    main()

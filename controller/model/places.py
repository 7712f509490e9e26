"""How the files of a campaign are called."""

from typing import Final

SETTINGS: Final = "lamsach.yml"
"""The file that makes a folder a campaign."""

STORE: Final = "lamsach.db"
"""The store, where no setting or option names another."""

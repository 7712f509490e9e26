"""`lamsach show` names what a look left out: a bare `clean` would hide it."""

from pathlib import Path

from click.testing import CliRunner

from controller.cli.show import show
from controller.model.collector import Root, RootState, Unread, UnreadKind
from tests.builders import a_look, a_result, an_attempt
from tests.unit.store_values import begun


def test_unread_items_and_roots_that_were_not_entered_are_shown(tmp_path: Path) -> None:
    items = (Unread(kind=UnreadKind.FILE, path="/home/an/\x1b[31mx", error=13), Unread(kind=UnreadKind.LINK, path="/y"))
    roots = (Root(asked="/hom", state=RootState.MISSING), Root(asked="/home", state=RootState.ENTERED))
    look = a_look(collector="files", unread=3, unread_items=items, roots=roots)
    with begun(tmp_path / "store.db") as ledger:
        ledger.finish_attempt("s1", an_attempt(a_result(look)))

    printed = CliRunner().invoke(show, ["pc-01", "--store", str(tmp_path / "store.db")], catch_exceptions=False).output

    assert "unread: 3 (file /home/an/\\x1b[31mx, link /y and 1 more)\n" in printed
    assert "root /hom does not exist\n" in printed
    assert "unread: file /home/an/\\x1b[31mx (error 13)\n" in printed
    assert "root /home " not in printed

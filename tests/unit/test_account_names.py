"""One account of a domain has one budget, however the inventory spells it."""

import unicodedata
from typing import Any

import pytest

from controller.app.account_names import account_name, account_of
from controller.model.fleet import Connection
from tests.builders import a_host

SPELLINGS = [
    "quantri",
    "QuanTri",
    "CUC\\quantri",
    "cuc\\QUANTRI",
    "quantri@cuc.local",
    "quantri@CUC.LOCAL",
    "cuc.local\\quantri",
    "CUC/quantri",
    "CUC+quantri",
    "CUC\\quantri@cuc.local",
    ".\\quantri",
    "QUANTRI ",
    " quantri\t",
    "quantri.",
    "quantri . ",
    "quantri\u00a0",
    "quan\u200btri",
    "\ufeffquantri",
    "ｑｕａｎｔｒｉ",  # full width on purpose
    "CUC＼quantri",
    "quantri＠cuc.local",
]


@pytest.mark.parametrize("user", SPELLINGS)
def test_what_may_be_one_account_is_counted_as_one(user: str) -> None:
    assert account_name(user) == "quantri"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("user", ["Quản Trị Đội", "QUẢN TRỊ ĐỘI", "CUC\\quản trị đội", "quan tri doi"])
def test_letters_are_compared_at_least_as_loosely_as_active_directory_does(user: str, form: Any) -> None:
    assert account_name(unicodedata.normalize(form, user)) == "quan tri doi"


def test_other_names_are_other_accounts() -> None:
    assert len({account_name(each) for each in ("an", "binh", "CUC\\chi", "an.b", "a n")}) == 5


@pytest.mark.parametrize("user", ["CUC\\", "@cuc.local", "...", "\u200b"])
def test_a_name_that_comes_to_nothing_is_still_counted(user: str) -> None:
    assert account_of(a_host(user=user, secret="env:X"))


@pytest.mark.parametrize(
    ("but", "counted"),
    [
        ({}, True),
        ({"key_file": "/k"}, False),
        ({"key_file": "/k", "connection": Connection.PSRP}, True),
        ({"secret": ""}, False),
        ({"local_account": True}, False),
        ({"local_account": True, "user": ".\\an"}, False),
        ({"local_account": True, "user": "PC-01\\an"}, False),
        ({"local_account": True, "user": "an@pc-01"}, False),
        ({"local_account": True, "user": "Pc-01\\an", "name": "kế toán", "address": "pc-01.cuc.local"}, False),
        ({"local_account": True, "user": "CUC\\an"}, True),
        ({"local_account": True, "user": "an@cuc.local"}, True),
    ],
)
def test_only_keys_of_ssh_and_accounts_of_the_computer_itself_are_free(but: dict[str, Any], counted: bool) -> None:
    host = a_host(**({"user": "an", "secret": "env:X"} | but))

    assert account_of(host) == ("an" if counted else "")

"""What an operator reads before a sweep begins."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.app.sweep import Course
from controller.cli.opening import opening
from controller.model.fleet import Connection
from tests.builders import a_host, a_job
from tests.office import Office
from tests.unit.store_values import a_sweep

WINDOWS = a_host(connection=Connection.PSRP)
EXPOSED = [(0, []), (1, ["1 computer"]), (3, ["3 computers"])]


@pytest.mark.parametrize(("count", "said"), EXPOSED)
def test_ntlm_without_tls_is_said_once_with_the_number_of_computers(
    tmp_path: Path, count: int, said: list[str]
) -> None:
    others = [a_host("linux"), replace(WINDOWS, name="tls", tls=True)]
    plain = [replace(WINDOWS, name=f"plain-{number}") for number in range(count)]
    jobs = tuple(a_job(host=host) for host in [*others, *plain])

    lines = opening(Course(sweep=a_sweep(), jobs=jobs), Office.furnished(tmp_path).prepare()).splitlines()

    notes = [line for line in lines if "NTLM without TLS" in line]
    assert [line.partition(" on ")[2].partition(":")[0] for line in notes] == said

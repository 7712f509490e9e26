"""What pypsrp is given to send."""

from copy import deepcopy
from xml.etree import ElementTree as ET

from pypsrp.complex_objects import Command, CommandParameter, Pipeline
from pypsrp.serializer import TaggedValue

from controller.transports.psrp_wsman import Script, _Text

TEXT = "param($nonce)\r\n'một _x000A_ \U0001f4a5'\n"


def _spelled(command: Command) -> bytes:
    command.args.append(CommandParameter(value=TaggedValue("S", "4f1d")))
    pipeline = Pipeline(is_nested=False, cmds=[command], history=None, redirect_err_to_out=False)
    element = _Text().serialize(pipeline)
    assert element is not None
    return ET.tostring(element)


def test_a_script_travels_as_a_command_of_pypsrp_does() -> None:
    assert _spelled(Script(TEXT, "2.3")) == _spelled(Command(TEXT, "2.3", is_script=True, use_local_scope=True))


def test_a_script_is_not_copied_to_be_sent() -> None:
    script = Script(TEXT, "2.3")
    assert deepcopy(script) is script


def test_what_xml_cannot_hold_is_escaped_by_units_of_utf_16() -> None:
    spelled = _spelled(Script(TEXT, "2.3")).decode()
    assert "_x000D__x000A_'m" in spelled
    assert "_x005F_x000A_ _xD83D__xDCA5_" in spelled

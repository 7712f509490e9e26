"""The optional dependency of the lab: whoever only sweeps real computers does not need it."""

from importlib import import_module

from controller.errors import OperatorError


def require_extra() -> None:
    """Make sure that the SSH servers of the lab can be served.

    Raises:
        OperatorError: asyncssh cannot be imported; it is installed by the extra `lab` of pyproject.toml.

    """
    try:
        import_module("asyncssh")
    except ImportError as error:
        raise OperatorError(
            f"the lab needs asyncssh, which cannot be imported ({error}); run: pip install 'lamsach[lab]'"
        ) from error

"""Private keys: each file is read and parsed once, however many hosts take it."""

from functools import cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from paramiko import PKey, SSHException
from paramiko.pkey import UnknownKeyType

from controller.errors import SecretError


@cache
def load_key(path: str) -> PKey:
    """Return the private key in `path`. Parsing RSA costs 150 ms, so it is done once for all hosts.

    Raises:
        SecretError: it cannot be read, is no key, or is locked with a passphrase.

    """
    try:
        return PKey.from_path(Path(path))
    except OSError as error:
        raise SecretError(f"the key file '{path}' cannot be read ({error.strerror}); mend its path.") from error
    except TypeError as error:
        raise SecretError(f"the key file '{path}' is locked; give one without a passphrase.") from error
    except (ValueError, SSHException, UnknownKeyType, UnsupportedAlgorithm) as error:
        raise SecretError(f"the key file '{path}' holds no private key we can use; give another.") from error

"""Who stands in the network of a lab computer's office, as the computer sees it; none of them is there."""

from typing import Final

OWN: Final = "192.0.2.10"
"""What every lab computer takes for its own address."""

SERVER: Final = "192.0.2.5"
SERVER_NAME: Final = "may-chu.lamsach.example"
COLLEAGUE: Final = "192.0.2.7"
WEB: Final = "198.51.100.80"
WEB_NAME: Final = "thi-hanh-an.lamsach.example"

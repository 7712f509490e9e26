"""`python -m controller.lab FOLDER` serves the fleet of FOLDER/fleet.json until its stdin ends.

It is started by `controller.lab.process`; its stdin is the string by which the parent holds it.
"""

import asyncio
import logging
import sys
from pathlib import Path

from controller.lab.layout import FLEET
from controller.lab.pc import LabFleet
from controller.lab.serving import serve
from controller.model.codec import loads


def main() -> None:
    """Serve the lab in the folder that the command line names."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # a client that leaves while we write is no news
    folder = Path(sys.argv[1])
    asyncio.run(serve(folder, loads((folder / FLEET).read_bytes(), LabFleet)))


if __name__ == "__main__":
    main()

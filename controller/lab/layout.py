"""What lies where in the folder D of a lab.

    D/fleet.json     the fleet to serve; the only file that is there before the lab starts
    D/pcs/NAME/      the folder of a computer; see `folder`
    D/inventory.yml  D/known_hosts  D/secrets/ACCOUNT  D/secrets/key  D/sweep.yml  D/iocs.txt  D/tool/
    D/clean.yml     when sweep.yml only looks: a playbook that looks and cleans
    D/ca.pem  D/tool-windows/   when it has Windows PCs: who vouches for their certificate; their cleanup tool
    D/server.pem  D/ntlm        the lab's own: that certificate with its key; what a proof of a password is held against
    D/logons.jsonl   every try to log on; see `logons`
    D/lab.log        what the lab itself complains of
    D/expected.json  {NAME: {"verdict": ..., "reason": code or null}}: what a sweep with D/sweep.yml must say
    D/job.json       beside clean.yml: what is right in the main job; see `expected.Step` and `end_state`
                     {"steps": {STEP: {NAME: {"verdict": ..., "reason": code or null}}},
                      "computers": {NAME: {"malware": number, "orphans": number, "leftovers": number,
                                           "cleanups": number}}}
    D/truth.json     {NAME: {"infected": bool, "faults": [...], "folder": PATH in D}}

`truth.json` is written last and by rename: when it is there, every address answers and everything else is there.
"""

from pathlib import Path
from typing import Final

FLEET: Final = "fleet.json"
LOGONS: Final = "logons.jsonl"
LOG: Final = "lab.log"
CLEANING: Final = "clean.yml"
JOB: Final = "job.json"
CA: Final = "ca.pem"
SERVER: Final = "server.pem"
NTLM: Final = "ntlm"
TRUTH: Final = "truth.json"


def folder_of(name: str) -> Path:
    """Return the folder of the computer `name`, relative to the lab's."""
    return Path("pcs") / name

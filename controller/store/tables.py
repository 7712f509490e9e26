"""Every table of the store, once, for every database."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from controller.store.columns import Moment, Words

metadata: Final = MetaData()

# Which program brought the store to which revision; its name marks the file as ours.
lamsach_upgrade: Final = Table(
    "lamsach_upgrade",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("program", Words, nullable=False),
    Column("at", Moment, nullable=False),
)

# Raw answers, tool logs and operators' files, zstd, once each.
blob: Final = Table(
    "blob",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

# One playbook on chosen hosts; body is the whole snapshot as JSON. committed is the number of the commit that began it.
sweep: Final = Table(
    "sweep",
    metadata,
    Column("id", Words, primary_key=True),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
    Column("operator", Words, nullable=False),
    Column("playbook", Words, nullable=False),
    Column("playbook_path", Words, nullable=False),
    Column("inventory", Words, nullable=False),
    Column("apply", Boolean, nullable=False),
    Column("given", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("committed", Integer),
)

# The playbook, lists and tools of a sweep. path identifies a list over its versions; it is relative to the campaign's
# folder, and empty in what revision 0002 kept.
kept_file: Final = Table(
    "kept_file",
    metadata,
    Column("sweep", Words, ForeignKey("sweep.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("role", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("sha256", String(64), ForeignKey("blob.sha256"), nullable=False),
    Column("path", Words),
)

# The number of the newest commit that holds a look, a run or a decision: one row.
commit_number: Final = Table(
    "commit_number",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("latest", Integer, nullable=False),
)

# One visit to one host; body is its result as JSON, without evidence and observations, once it is finished.
# began and committed are the commit numbers at its begin and end; those of its looks and runs are in the body.
attempt: Final = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sweep", Words, ForeignKey("sweep.id"), nullable=False),
    Column("host", Words, nullable=False),
    Column("number", Integer, nullable=False),
    Column("begun", Moment, nullable=False),
    Column("ended", Moment),
    Column("body", LargeBinary),
    Column("began", Integer),
    Column("committed", Integer),
    UniqueConstraint("sweep", "host", "number", name="attempt_once"),
    Index("attempt_host", "host", "committed"),
)

# Starts of programs on hosts, oldest first; so_far are the task results committed with the start.
intent: Final = Table(
    "intent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Words, nullable=False, unique=True),
    Column("attempt", Integer, ForeignKey("attempt.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("so_far", LargeBinary, nullable=False),
    Column("run", LargeBinary),
    Column("began", Integer),
    Index("intent_attempt", "attempt"),
)

# A look's sightings: an observation, where it was seen and the number of its row, as JSON, zstd. committed is the
# number of the commit that first held the look: with a start of a tool, or with the result of the visit. reading is the
# version of the rules by which sightings are taken out of an answer: empty for the first one, and below zero where that
# version could not read the kept answer, so that older sightings stayed.
# A row each would cost four times the disk and the time (2,900 a host, and 10,000 hosts).
look: Final = Table(
    "look",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt", Integer, ForeignKey("attempt.id"), nullable=False),
    Column("task", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("collector", Words, nullable=False),
    Column("seen", LargeBinary, nullable=False),
    Column("committed", Integer),
    Column("reading", Integer),
    UniqueConstraint("attempt", "task", "position", name="look_once"),
    Index("look_reading", "reading"),
)

# Values seen anywhere, once each; the digest of kind and value stands in for values too long for an index.
# Rows are never changed or deleted, for programs that run remember their numbers.
observation: Final = Table(
    "observation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("value", Words, nullable=False),
)

# What people decided beside the visits, oldest first; host is empty where it concerns the whole campaign.
decision: Final = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("committed", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("host", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("decision_host", "host"),
)

# Password logons of an account, across sweeps. answered and accepted are empty while the answer is outstanding;
# where the line broke before it, answered says when and accepted stays empty. proof is a random name that one run
# of the program gives to a password, and no part of it.
logon: Final = Table(
    "logon",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("proof", Words),
    Column("begun", Moment, nullable=False),
    Column("answered", Moment),
    Column("accepted", Boolean),
    Index("logon_answered", "account", "accepted", "answered"),
    Index("logon_proof", "account", "proof", "accepted", "answered"),
)

# What is known of the machine behind a name, from all answers that were taken.
identity: Final = Table(
    "identity",
    metadata,
    Column("host", Words, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
)

# What tells two machines apart: UUID with serial, and each MAC. One name at most owns a mark.
identity_mark: Final = Table(
    "identity_mark",
    metadata,
    Column("host", Words, ForeignKey("identity.host"), primary_key=True),
    Column("mark", Words, primary_key=True),
    Index("identity_mark_mark", "mark", unique=True),
)

# Derived from all else, and made again when it is missing: the listed values that an observation meets.
meeting: Final = Table(
    "meeting",
    metadata,
    Column("observation", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# Derived from all else, and made again when it is missing: the state of a computer. stamp is the digest of everything
# that it follows from.
host_state: Final = Table(
    "host_state",
    metadata,
    Column("host", Words, primary_key=True),
    Column("stamp", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

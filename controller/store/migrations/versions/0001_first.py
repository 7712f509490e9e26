"""The first store."""

import sqlalchemy as sa
from alembic import op

from controller.store.columns import Moment, Words

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _record()
    _visits()
    _observations()
    _across_sweeps()


def _record() -> None:
    op.create_table(
        "lamsach_upgrade",
        sa.Column("revision", sa.String(32), primary_key=True),
        sa.Column("program", Words, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sweep",
        sa.Column("id", Words, primary_key=True),
        sa.Column("started", Moment, nullable=False),
        sa.Column("ended", Moment),
        sa.Column("operator", Words, nullable=False),
        sa.Column("playbook", Words, nullable=False),
        sa.Column("playbook_path", Words, nullable=False),
        sa.Column("inventory", Words, nullable=False),
        sa.Column("apply", sa.Boolean, nullable=False),
        sa.Column("given", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "kept_file",
        sa.Column("sweep", Words, sa.ForeignKey("sweep.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("role", Words, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("blob.sha256"), nullable=False),
    )


def _visits() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sweep", Words, sa.ForeignKey("sweep.id"), nullable=False),
        sa.Column("host", Words, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("begun", Moment, nullable=False),
        sa.Column("ended", Moment),
        sa.Column("body", sa.LargeBinary),
        sa.UniqueConstraint("sweep", "host", "number", name="attempt_once"),
    )
    op.create_table(
        "intent",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", Words, nullable=False, unique=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempt.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("so_far", sa.LargeBinary, nullable=False),
        sa.Column("run", sa.LargeBinary),
    )
    op.create_index("intent_attempt", "intent", ["attempt"])


def _observations() -> None:
    op.create_table(
        "look",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempt.id"), nullable=False),
        sa.Column("task", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("collector", Words, nullable=False),
        sa.Column("seen", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("attempt", "task", "position", name="look_once"),
    )
    op.create_table(
        "observation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", Words, nullable=False),
    )


def _across_sweeps() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", Words, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("refusal_account", "refusal", ["account", "at"])
    op.create_table(
        "identity",
        sa.Column("host", Words, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("first_seen", Moment, nullable=False),
        sa.Column("last_seen", Moment, nullable=False),
    )
    op.create_table(
        "identity_mark",
        sa.Column("host", Words, sa.ForeignKey("identity.host"), primary_key=True),
        sa.Column("mark", Words, primary_key=True),
    )
    op.create_index("identity_mark_mark", "identity_mark", ["mark"])

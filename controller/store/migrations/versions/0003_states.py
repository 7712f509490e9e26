"""What the state of a computer over a campaign needs: when a sweep began and its lists, and results that are kept."""

import sqlalchemy as sa
from alembic import op

from controller.store.columns import Words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and tables; older sweeps are placed in the order of commits by their first visit."""
    op.add_column("sweep", sa.Column("committed", sa.Integer))
    op.execute("UPDATE sweep SET committed = (SELECT MIN(attempt.began) FROM attempt WHERE attempt.sweep = sweep.id)")
    op.add_column("kept_file", sa.Column("path", Words))
    op.add_column("look", sa.Column("reading", sa.Integer))
    op.create_index("look_reading", "look", ["reading"])
    op.create_index("attempt_host", "attempt", ["host", "committed"])
    op.create_table(
        "meeting",
        sa.Column("observation", sa.Integer, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "host_state",
        sa.Column("host", Words, primary_key=True),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )

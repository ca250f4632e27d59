"""Who gets mail, what was sent to whom, and how the default branch stood when it was told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from gate.tables.github import repository
from gate.tables.schema import METADATA, Instant

subscription = Table(
    "subscription",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("address", String(254), index=True, doc="Normalised: lower case."),
    Column(
        "state", String(16), nullable=False, doc="`asked`, `confirmed` or `stopped`, as the person last said."
    ),
    Column(
        "asked_at",
        Instant,
        index=True,
        doc="When a confirmation mail last left, or was about to; null where none did. The next one has to wait.",
    ),
    Column("changed_at", Instant, nullable=False, doc="When the state became what it is."),
    PrimaryKeyConstraint("repository_id", "address"),
)

suppression = Table(
    "suppression",
    METADATA,
    Column(
        "address",
        String(254),
        primary_key=True,
        doc="Normalised. It gets no mail at all but confirmed tests.",
    ),
    Column("reason", String(16), nullable=False, doc="`stopped`, `bounced` or `operator`."),
    Column("at", Instant, nullable=False, doc="Since when."),
)

sent_digest = Table(
    "sent_digest",
    METADATA,
    Column("week", String(8), doc="ISO week that the mail reports, `2026-W47`."),
    Column("address", String(254), doc="Normalised."),
    Column(
        "state",
        String(16),
        nullable=False,
        doc="`sending` from before the connection on; then `sent`, `retry`, `bounced` or `unknown`. Only `retry` is tried again.",
    ),
    Column("message_id", String(255), nullable=False, doc="Of the mail's header."),
    Column("detail", Text, nullable=False, doc="What the server said, or why nothing is known."),
    Column("at", Instant, nullable=False, doc="When the state became what it is."),
    PrimaryKeyConstraint("week", "address"),
    Index(None, "address", "week"),
    Index(None, "state", "at"),
)

branch_state = Table(
    "branch_state",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), primary_key=True, autoincrement=False),
    Column(
        "state",
        String(32),
        nullable=False,
        doc="Of the default branch: `well`, `blocked`, `could_not_measure`.",
    ),
    Column(
        "before", String(32), nullable=False, doc="What it was before that; empty where nothing was known."
    ),
    Column("number", Integer, nullable=False, doc="Of its changes, from 1."),
    Column("sha", String(64), nullable=False, doc="The commit that changed it."),
    Column("run_id", String(255), nullable=False, doc="The run that found it: its verdict says why."),
    Column("why", Text, nullable=False, doc="In short, as in `verdict`."),
    Column("since", Instant, nullable=False, doc="When it was found."),
)

alert = Table(
    "alert",
    METADATA,
    Column("repository_id", BigInteger),
    Column("number", Integer, doc="Of the change, as in `branch_state`."),
    Column("address", String(254), doc="Normalised. One mail a change and address."),
    Column("state", String(16), nullable=False, doc="As in `sent_digest`."),
    Column("message_id", String(255), nullable=False, doc="Of the mail's header."),
    Column("detail", Text, nullable=False, doc="As in `sent_digest`."),
    Column("at", Instant, nullable=False, doc="When the state became what it is."),
    PrimaryKeyConstraint("repository_id", "number", "address"),
    ForeignKeyConstraint(["repository_id"], [branch_state.c.repository_id]),
    Index(None, "address", "at"),
    Index(None, "state", "at"),
)

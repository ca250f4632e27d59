"""Secrets of ours, the people who are signed in, and who works with these tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from gate.tables.schema import METADATA, Instant

secret = Table(
    "secret",
    METADATA,
    Column("name", String(64), primary_key=True, doc="What it is, e.g. `app`."),
    Column("ciphertext", LargeBinary, nullable=False, doc="Sealed with a key that is not in the database."),
)

schema_support = Table(
    "schema_support",
    METADATA,
    Column(
        "oldest",
        String(32),
        primary_key=True,
        doc="The schema of the oldest Gate that works with this one; one row.",
    ),
)

session = Table(
    "session",
    METADATA,
    Column(
        "digest",
        String(64),
        primary_key=True,
        doc="SHA-256 of the value in the browser's cookie, in hexadecimal: who reads the table can open no session.",
    ),
    Column(
        "user_id", BigInteger, nullable=False, index=True, doc="GitHub's id of the person; survives renames."
    ),
    Column("login", String(255), nullable=False, doc="As GitHub last said it."),
    Column("tokens", LargeBinary, nullable=False, doc="The UserTokens, sealed as in `secret`."),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        doc="What GitHub last let the person see: the UserView as JSON, zlib-compressed when large.",
    ),
    Column("created_at", Instant, nullable=False, doc="When the person signed in; it bounds `expires_at`."),
    Column("checked_at", Instant, nullable=False, doc="When GitHub was last asked what the person may see."),
    Column(
        "expires_at",
        Instant,
        nullable=False,
        index=True,
        doc="When it ends unless it is used; moved on with each check, up to a limit.",
    ),
    Column(
        "claimed_until",
        Instant,
        doc="While somebody asks GitHub on its behalf: refresh tokens work once, so nobody else may. Else null.",
    ),
)

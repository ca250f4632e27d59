"""Coverage reports that a project's CI sent, and the tokens by which it may."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gate.tables.github import repository
from gate.tables.schema import METADATA, Instant

upload = Table(
    "upload",
    METADATA,
    Column("id", Integer, primary_key=True, doc="Rises with time: the newest of a name on a commit counts."),
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), nullable=False),
    Column("sha", String(64), nullable=False, doc="The commit whose tests the report is of, as it was told."),
    Column("name", String(100), nullable=False, doc="What the sender calls it, e.g. `unit-3.12`."),
    Column(
        "digest",
        String(64),
        doc="SHA-256 of the decompressed content, in hexadecimal; of a file of an artifact, of that and the pull request. "
        "Null until it has arrived whole, and once the same content was sent again after another one.",
    ),
    Column("size", BigInteger, nullable=False, doc="Bytes of the decompressed content; 0 until then."),
    Column("state", String(16), nullable=False, doc="`receiving`, `received`, `read` or `refused`."),
    Column("detail", Text, nullable=False, doc="Why it was refused, for people; else empty."),
    Column(
        "authenticated",
        String(16),
        nullable=False,
        doc="By what: `actions` (a token of GitHub Actions), `token` (one of `upload_token`) or `artifact`.",
    ),
    Column(
        "sender", String(512), nullable=False, doc="By whom: the workflow's ref, or the name of the token."
    ),
    Column("number", Integer, doc="The pull request, where it is known."),
    Column("received_at", Instant, nullable=False, doc="When it began to arrive."),
    Column("files", Integer, doc="How many files it speaks of; null until it was read."),
    Column("lines", BigInteger, doc="How many lines of them, executed or not; null until it was read."),
    Column("content", LargeBinary, doc="What it says, zlib-compressed; null until it was read."),
    UniqueConstraint("repository_id", "sha", "name", "digest"),
    Index(None, "received_at"),
    # An id is told to others: it is never another upload's afterwards.
    sqlite_autoincrement=True,
)

upload_chunk = Table(
    "upload_chunk",
    METADATA,
    Column("upload_id", Integer, ForeignKey(upload.c.id)),
    Column("number", Integer, doc="Of the piece, from 0."),
    Column("repository_id", BigInteger, nullable=False, index=True, doc="That of the upload."),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        doc="At most 1 MB of the report, compressed by gzip as a whole. Deleted once it was read or refused.",
    ),
    PrimaryKeyConstraint("upload_id", "number"),
)

upload_token = Table(
    "upload_token",
    METADATA,
    Column("id", Integer, primary_key=True, doc="Rises with time."),
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), nullable=False),
    Column("name", String(100), nullable=False, doc="What people call it; used once in a repository."),
    Column(
        "digest",
        String(64),
        nullable=False,
        unique=True,
        info={"secret": True},
        doc="SHA-256 of the token, in hexadecimal: who reads the table can send nothing.",
    ),
    Column("created_at", Instant, nullable=False, doc="When it was made."),
    Column("created_by", String(255), nullable=False, doc="Who made it, as the machine's user is called."),
    Column("revoked_at", Instant, doc="Since when it opens nothing any more; null while it does."),
    Column("last_used_on", Date, doc="The day on which it was last used; null where it never was."),
    UniqueConstraint("repository_id", "name"),
)

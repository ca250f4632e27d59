"""The files of the default branch as they are now, and the lines that a judged head changed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from gate.tables.github import repository
from gate.tables.schema import METADATA, Instant

files_at = Table(
    "files_at",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), primary_key=True),
    Column("sha", String(64), nullable=False, doc="The newest measured commit of the default branch."),
    Column("committed_at", Instant, nullable=False, doc="Its committer's time."),
)

file_state = Table(
    "file_state",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("identity", String(64), doc="Digest of the path, which may be long."),
    Column("path", Text, nullable=False, doc="Of a source file of the commit in `files_at`."),
    Column("folder", Text, nullable=False, doc="Where it lies, with a slash at the end; empty for the root."),
    Column("blob", String(64), nullable=False, doc="Git's id of its content."),
    Column("sloc", Integer, nullable=False, doc="Source lines."),
    Column("functions", Integer, nullable=False, doc="Functions and methods, as `radon cc` lists them."),
    Column("complexity", Integer, nullable=False, doc="Their sum."),
    Column("worst", Integer, nullable=False, doc="The highest of them; 0 without a function."),
    Column("worst_name", Text, nullable=False, doc="Whose that is."),
    Column("worst_line", Integer, nullable=False, doc="Where it stands."),
    Column("over", Integer, nullable=False, doc="Functions over the limit."),
    Column("maximum", Integer, nullable=False, doc="That limit."),
    Column("covered", Integer, doc="As the gate counts, with branches; null where it was not measured."),
    Column("executable", Integer, doc="Likewise."),
    Column("uncovered", Integer, doc="Lines that tests do not run, or only in part; null likewise."),
    Column(
        "lines",
        LargeBinary,
        doc="The LineStates as JSON, zlib-compressed when large; null likewise.",
    ),
    Column("high", Integer, nullable=False, doc="Security findings of that severity, hidden ones apart."),
    Column("medium", Integer, nullable=False, doc="Likewise."),
    Column("low", Integer, nullable=False, doc="Likewise."),
    Column("suppressed", Integer, nullable=False, doc="Findings hidden by a comment that names the rule."),
    Column("maintainability", Integer, doc="Hundredths of a point; null where it could not be computed."),
    Column("changes", Integer, nullable=False, doc="Commits of the last 90 days that touched it."),
    Column("score", BigInteger, nullable=False, doc="Changes times complexity: how hot a spot it is."),
    Column(
        "notes",
        LargeBinary,
        nullable=False,
        doc="The Notes on its functions and findings as JSON, zlib-compressed when large.",
    ),
    PrimaryKeyConstraint("repository_id", "identity"),
)

source_text = Table(
    "source_text",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("blob", String(64), doc="Of a file in `file_state`; no other one is kept."),
    Column("content", LargeBinary, nullable=False, doc="As git has it, zlib-compressed."),
    PrimaryKeyConstraint("repository_id", "blob"),
)

change_text = Table(
    "change_text",
    METADATA,
    Column("run_id", String(255), primary_key=True, doc="The run that judged."),
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), nullable=False, index=True),
    Column(
        "content",
        LargeBinary,
        doc="The ChangeText as JSON, zlib-compressed when large; null while it is not known.",
    ),
    Column(
        "marks",
        LargeBinary,
        doc="The ChangeMarks likewise; null where no tests were run.",
    ),
)

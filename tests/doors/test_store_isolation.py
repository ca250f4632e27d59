"""Nothing of one repository is read for another, whatever both have in common: every reader of the store, on SQLite and Postgres.

Two repositories have equal numbers, commits, trees, blobs, paths, tests, branches, addresses and comments, with contents of their own.
What is read of one is what is read of it in a store where the other never was. Whoever adds a function to the store lists it here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from checks.report import Block, CoverageReport, FileCoverage, FileReport, Suite
from checks.reported_lines import ReportHead, UploadedReport
from gate.core.branch_rules import BranchRules
from gate.core.change_text import ChangeMarks, ChangeText, FileText
from gate.core.comparison import Ratio
from gate.core.comparison.chance import UnstableLine
from gate.core.event import RepositoryRef
from gate.core.file_state import FileState, LineStates, Notes, TestedLines
from gate.core.trend import Happening
from gate.core.verdict import Refusal
from gate.core.work import EvaluateGroup, Head
from gate.store import MailKey, RepositoryRecord, Store, UploadRecord
from tests import verdicts
from tests.migrated import migrate

pytest_plugins = ["tests.databases"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
SHA, TREE, BLOB = "a" * 40, "d" * 40, "c" * 40
ADDRESS = "mona@octo.example"
ENGINE = RepositoryRef(5, 7, "ada/engine", "main", private=True)
BRAKES = RepositoryRef(6, 8, "eve/engine", "main", private=False)
SALTS = {ENGINE.id: 3, BRAKES.id: 11}
"""What makes the contents of each its own."""
OWN = {ENGINE.id: "none", BRAKES.id: "other"}
"""A blob that each asks for beside the common one; neither is there."""


RUN = {"tree": TREE, "version": "1", "environment": "e", "inputs": "i"}


def run_of(ref: RepositoryRef) -> str:
    """Ids of runs name their repository."""
    return f"evaluate:{ref.id}:1:delivery:0:1"


def fill(store: Store, ref: RepositoryRef) -> None:
    """Everything that can be kept of a repository, under keys that both have."""
    salt = SALTS[ref.id]
    store.save_repository(ref)
    store.arm(ref.id, NOON + timedelta(minutes=salt))
    store.note_policy(ref.id, gated_branches=[f"r{salt}"], timezone="UTC", recipients=[f"{salt}@a.example"])
    store.save_branch_rules(ref.id, BranchRules(f"main{salt}"), NOON)
    store.first_badge_key(ref.id, f"key {salt}")
    store.note_reconciled(ref.id, NOON - timedelta(days=salt))
    _of_pull_requests(store, ref, salt)
    _of_verdicts(store, ref, salt)
    _of_files(store, ref, salt)
    _of_time(store, ref, salt)
    _of_uploads(store, ref, salt)


def _of_pull_requests(store: Store, ref: RepositoryRef, salt: int) -> None:
    store.note_pull_request(
        ref.id,
        1,
        head_sha=SHA,
        base_ref="main",
        updated_at=NOON,
        state="open",
        title=f"T{salt}",
        author="ada",
    )
    for number in range(2, 2 + salt):
        store.note_pull_request(
            ref.id,
            number,
            head_sha=SHA,
            base_ref="main",
            updated_at=NOON,
            state="closed",
            title="T",
            merged_at=NOON,
        )
    store.note_group(EvaluateGroup(ref, salt, "queue", SHA, "b" * 40, "main"), destroyed=False)
    store.approve(ref.id, 1, SHA, person=f"p{salt}", role="write", now=NOON)
    store.claim_comment(ref.id, 1, None, writer="r", now=NOON)
    store.save_comment(ref.id, 1, salt, "digest")
    store.save_refusal(
        ref.id, 1, Refusal("/gate", f"No {salt}.", "ada", NOON), head_sha=SHA, origin=f"comment:1:{salt}"
    )


def _of_verdicts(store: Store, ref: RepositoryRef, salt: int) -> None:
    provenance = replace(verdicts.PROVENANCE, head=SHA, policy_sha=f"{salt:040}")
    for run_id, number, branch in ((run_of(ref), 1, ""), (f"record:{ref.id}", 0, "main")):
        judged = replace(verdicts.JUDGED, provenance=provenance, checks=(verdicts.COMPLEXITY,))
        at = NOON + timedelta(minutes=salt)
        store.save_verdict(ref.id, number, judged, run_id=run_id, now=at, branch=branch)
    waiver = replace(verdicts.WAIVER, person=f"p{salt}", given_at=NOON + timedelta(hours=salt))
    store.save_waiver(ref.id, 1, waiver, origin="comment:1:0")
    store.save_waiver(ref.id, 2, waiver, origin="comment:2:0")
    for number in range(2, 2 + salt):
        store.save_verdict(ref.id, number, judged, run_id=f"{run_of(ref)}:{number}", now=NOON)
    store.save_check_run(Head(ref, salt, SHA), f"{run_of(ref)}:{salt}", "gate", 1, completed=True)
    head = Head(ref, 1, SHA)
    store.save_check_run(head, run_of(ref), "gate", salt, completed=True, now=NOON - timedelta(minutes=salt))
    store.save_check_run(head, f"{run_of(ref)}:again", "gate", salt + 1, completed=False, now=NOON)
    store.set_due(f"{run_of(ref)}:again", NOON)
    store.save_change_text(ref.id, run_of(ref), ChangeText((FileText(f"{salt}.py"),)))
    store.save_change_marks(ref.id, run_of(ref), ChangeMarks((("a.py", LineStates((salt,), (), ())),)))


def _of_files(store: Store, ref: RepositoryRef, salt: int) -> None:
    report = FileReport("complexity", "1", blocks=(Block("f", "function", 1, 2, salt),))
    store.save_file_reports(ref.id, "", [(BLOB, report)], today=DAY)
    suite = Suite("passed", 0, 1.5, "pytest", (("t", "passed"),))
    coverage = CoverageReport("1", (("a.py", FileCoverage((salt,), (99,))),), suite)
    store.save_coverage_report(ref.id, **RUN, report=coverage, now=NOON)
    store.save_mirror_place(ref.id, f"place {salt}", NOON)
    store.save_tree_fact(ref.id, "kind", TREE, {"salt": salt}, now=NOON)
    worst, often = 20 + salt, 20 + salt
    state = FileState("src/a.py", BLOB, salt, 1, worst, worst, "f", 1, 1, 0, 0, 0, 0, None, often, Notes(10))
    store.note_files(
        ref.id,
        SHA,
        committed_at=NOON + timedelta(salt),
        states=[state],
        sources=[(BLOB, f"x = {salt}".encode())],
    )
    tested = TestedLines(Ratio(1, salt), LineStates((salt,), (1,), ()))
    store.note_file_coverage(ref.id, SHA, {"src/a.py": tested})
    store.remember_chance(ref.id, lines=[UnstableLine("a.py", "f", str(salt))], tests=[f"t{salt}"], now=NOON)


def _of_time(store: Store, ref: RepositoryRef, salt: int) -> None:
    totals = {"covered": salt, "executable": 100, "over": salt, "high": salt, "medium": 0, "low": 0}
    store.note_revision(ref.id, SHA, committed_at=NOON, totals=totals)
    store.fill_revisions(ref.id, [(f"{salt:040}", NOON - timedelta(days=1), totals)])
    store.note_happening(ref.id, Happening("release", NOON, f"v{salt}", SHA))
    store.note_branch_state(ref.id, "well", sha=SHA, run_id="r", why="", now=NOON)
    store.note_branch_state(ref.id, "blocked", sha=SHA, run_id="r", why=f"w{salt}", now=NOON)
    store.claim_asking(ref.id, ADDRESS, now=NOON + timedelta(minutes=salt), not_since=NOON)
    key = MailKey("alert", f"{salt}@octo.example", repository_id=ref.id, number=1)
    store.claim_mail(key, "<1@gate>", NOON)
    store.end_mail(key, "sent", f"d{salt}", NOON)


def _of_uploads(store: Store, ref: RepositoryRef, salt: int) -> None:
    head = ReportHead("lcov", 1, f"p{salt}")
    for name, sha in (("waits", SHA), ("read", SHA), ("own", f"{salt:040x}")):
        made = store.save_new_upload(
            ref.id, sha=sha, name=name, authenticated="token", sender=f"s{salt}", number=1, now=NOON
        )
        for number in range(salt):
            store.save_upload_chunk(ref.id, made, number, f"{salt}".encode())
        store.keep_upload(ref.id, made, digest="e" * 64, size=salt)
        if name != "waits":
            store.save_uploaded_report(ref.id, made, UploadedReport(head, b"[]"), lines=salt)
    for number in range(2):  # one repository's says the same twice, the other's does not
        made = store.save_new_upload(
            ref.id, sha=SHA, name="again", authenticated="token", sender="s", number=1, now=NOON
        )
        store.keep_upload(ref.id, made, digest=f"{number:064}", size=salt)
        said = UploadedReport(ReportHead("lcov", 1, f"p{number * (salt % 11)}"), b"[]")
        store.save_uploaded_report(ref.id, made, said, lines=salt)
    store.save_upload_token(ref.id, "ci", f"{salt:064}", created_by=f"p{salt}", now=NOON)


def _upload_of(store: Store, ref: RepositoryRef, name: str) -> int:
    return next((each.id for each in store.uploads_at(ref.id, SHA) if each.name == name), 0)


Read = Callable[[Store, RepositoryRef], object]


def _known(store: Store, ref: RepositoryRef) -> RepositoryRecord:
    found = store.repository(ref.id)
    return found or RepositoryRecord(ref.id, 0, ref.full_name, "main", private=True, armed=False)


def _without_id(found: UploadRecord | None) -> UploadRecord | None:
    """Ids rise through all repositories."""
    return found and replace(found, id=0)


READERS: Mapping[str, Read] = {
    # By the id of a repository.
    "alerted": lambda store, ref: store.alerted(ref.id, 1),
    "answers": lambda store, ref: store.answers(ref.id, "comment:1"),
    "approved_by": lambda store, ref: store.approved_by(ref.id, 1, SHA),
    "badge_key": lambda store, ref: store.badge_key(ref.id),
    "branch_change": lambda store, ref: store.branch_change(ref.id),
    "branch_facts": lambda store, ref: store.branch_facts([_known(store, ref)], NOON),
    "branch_rules": lambda store, ref: store.branch_rules(ref.id),
    "chance": lambda store, ref: store.chance(ref.id, NOON),
    "changes": lambda store, ref: store.changes(_known(store, ref), first=DAY - timedelta(weeks=4)),
    "comment": lambda store, ref: store.comment(ref.id, 1),
    "coverage_report": lambda store, ref: store.coverage_report(ref.id, **RUN),
    "export": lambda store, ref: [
        (name, sorted(str({**row, "id": None, "upload_id": None}) for row in rows))
        for name, rows in store.export(ref.id)
    ],
    "file": lambda store, ref: store.file(ref.id, "src/a.py"),
    "file_folders": lambda store, ref: store.file_folders(ref.id),
    "file_list": lambda store, ref: store.file_list(ref.id, limit=9),
    "file_reports": lambda store, ref: store.file_reports(ref.id, "complexity", "1", "", [BLOB], today=DAY),
    "files_at": lambda store, ref: store.files_at(ref.id),
    "group_at": lambda store, ref: store.group_at(ref, SHA),
    "hotspots": lambda store, ref: store.hotspots(ref.id, limit=9),
    "is_answered": lambda store, ref: [store.is_answered(ref.id, number, SHA) for number in range(20)],
    "landmarks": lambda store, ref: store.landmarks(ref.id, limit=9),
    "lengths_of_verdicts": lambda store, ref: store.lengths_of_verdicts(ref.id),
    "missing_sources": lambda store, ref: store.missing_sources(ref.id, [BLOB, OWN.get(ref.id, "none")]),
    "newest_check_run": lambda store, ref: store.newest_check_run(ref.id, SHA, "gate"),
    "newest_in_short": lambda store, ref: store.newest_in_short(ref.id, range(99)),
    "newest_of_branch": lambda store, ref: store.newest_of_branch(ref.id, "main"),
    "mirror_places": lambda store, ref: store.mirror_places(ref.id),
    "newest_tree_facts": lambda store, ref: store.newest_tree_facts(dict[str, int], ref.id, "kind", 9),
    "newest_verdict": lambda store, ref: store.newest_verdict(ref.id, 1),
    "open_check_runs": lambda store, ref: store.open_check_runs(ref.id, 1),
    "open_gates_at": lambda store, ref: store.open_gates_at(ref.id, SHA),
    "open_pull_requests_at": lambda store, ref: store.open_pull_requests_at(ref.id, SHA),
    "pull_request": lambda store, ref: store.pull_request(ref.id, 1),
    "pull_requests": lambda store, ref: store.pull_requests(ref.id),
    "recent": lambda store, ref: store.recent([_known(store, ref)], NOON - timedelta(days=9)),
    "recorded": lambda store, ref: store.recorded(ref.id, NOON - timedelta(days=9)),
    "refusals": lambda store, ref: store.refusals(ref.id, 1),
    "repository": lambda store, ref: store.repository(ref.id),
    "revisions": lambda store, ref: store.revisions(ref.id),
    "subscriptions": lambda store, ref: store.subscriptions(ref.id),
    "tree_fact": lambda store, ref: store.tree_fact(dict[str, int], ref.id, "kind", TREE, now=NOON),
    "trend": lambda store, ref: store.trend(_known(store, ref), first=DAY - timedelta(weeks=4), last=DAY),
    "upload": lambda store, ref: _without_id(store.upload(ref.id, _upload_of(store, ref, "waits"))),
    "upload_chunks": lambda store, ref: [*store.upload_chunks(ref.id, _upload_of(store, ref, "waits"))],
    "upload_tokens": lambda store, ref: [replace(each, id=0) for each in store.upload_tokens(ref.id)],
    "uploaded_report": lambda store, ref: store.uploaded_report(ref.id, _upload_of(store, ref, "read")),
    "newest_uploads": lambda store, ref: [*map(_without_id, store.newest_uploads(ref.id, limit=9))],
    "read_uploads": lambda store, ref: [
        store.uploaded_report(ref.id, each)
        for each in store.read_uploads(ref.id, head=SHA, base=SHA, number=1)
    ],
    "says_anew": lambda store, ref: store.says_anew(ref.id, _upload_of(store, ref, "again")),
    "uploaded_merges": lambda store, ref: store.uploaded_merges(ref.id, 1),
    "uploaded_names": lambda store, ref: store.uploaded_names(
        ref.id, [SHA, *(f"{salt:040x}" for salt in SALTS.values())]
    ),
    "uploads_at": lambda store, ref: [*map(_without_id, store.uploads_at(ref.id, SHA))],
    "verdicts": lambda store, ref: store.verdicts(ref.id, 1),
    "verdicts_at": lambda store, ref: store.verdicts_at(ref.id, SHA),
    "waiting_chunks": lambda store, ref: store.waiting_chunks(ref.id),
    "waivers": lambda store, ref: store.waivers(ref.id, range(99)),
    "waivers_of": lambda store, ref: store.waivers_of(ref.id, limit=9),
    # By its installation, or by its name: no two have one.
    "all_waivers": lambda store, ref: store.all_waivers(ref.full_name),
    "least_recently_reconciled": lambda store, ref: store.least_recently_reconciled(
        ref.installation_id, NOON, limit=9
    ),
    "repositories_of": lambda store, ref: store.repositories_of(ref.installation_id),
    "repository_named": lambda store, ref: store.repository_named(ref.full_name),
    # By the id of a run: whoever asks looks whether the run's repository may be seen.
    "change_text": lambda store, ref: store.change_text(run_of(ref)),
    "check_run_made_at": lambda store, ref: store.check_run_made_at(run_of(ref), "gate"),
    "check_run_of": lambda store, ref: store.check_run_of(run_of(ref), "gate"),
    "outcomes": lambda store, ref: store.outcomes([run_of(ref)]),
    "repository_of": lambda store, ref: store.repository_of(run_of(ref)),
    "short_verdict": lambda store, ref: store.short_verdict(run_of(ref)),
    "verdict": lambda store, ref: store.verdict(run_of(ref)),
    # Mails, which name the repository.
    "mail": lambda store, ref: store.mail(
        MailKey("alert", f"{SALTS.get(ref.id, 0)}@octo.example", repository_id=ref.id, number=1)
    ),
}
"""Every function that reads something of one repository, and how it is asked."""

OF_ALL = {
    "abandon_mails": "addresses of an operator's own work: who has been sent what",
    "all_repositories": "for whoever has the API's token",
    "asked_since": "counts mails to an address",
    "due_deliveries": "webhooks of the App",
    "followed_repositories": "whose mirrors stay",
    "gauges": "for whoever has the token of the metrics",
    "installations": "of the App",
    "is_empty": "the schema",
    "mail_counts": "counts",
    "mails_since": "counts mails to an address",
    "newest_weeks": "mails to an address",
    "overdue": "check runs to end, each with its repository",
    "problem": "the schema",
    "read_until": "how far the App was read",
    "removed_repositories": "whose time is over",
    "repositories_with_recipients": "whom to ask, each for itself",
    "schema_revision": "the schema",
    "secret": "the App's",
    "session": "a person's",
    "suppressed": "what an address said for everything",
    "unanswered": "check runs to speak of, each with its repository",
    "upload_token_with": "the token that somebody has, with its repository",
    "visible_repositories": "those that everybody, or this person, may see",
}
"""Every other function that reads, and what it is of."""

WRITES = [
    "allow_more",
    "approve",
    "arm",
    "claim_",
    "close",
    "confirm",
    "delete_",
    "drop_",
    "end_mail",
    "fill_revisions",
    "first_badge_key",
    "forget_",
    "keep_",
    "meet_",
    "migrate",
    "note_",
    "remember_",
    "renew_",
    "save_",
    "set_",
    "stop",
    "suppress",
    "unask",
    "unsuppress",
]
"""What the others begin with, or are called."""


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store(database_url) as opened:
        migrate(opened)
        yield opened


def read(store: Store, ref: RepositoryRef) -> dict[str, object]:
    """By reader, what it says of a repository."""
    return {name: reader(store, ref) for name, reader in READERS.items()}


def differing(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    return [name for name in READERS if one[name] != other[name]]


def test_every_function_of_the_store_is_listed() -> None:
    """A new one that reads is tried here, or says what it is of."""
    functions = {
        name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")
    }
    writers = {
        name
        for name in functions
        if any(name == word or (word[-1] == "_" and name.startswith(word)) for word in WRITES)
    }

    assert READERS.keys() & OF_ALL.keys() == set()
    assert functions - writers == READERS.keys() | OF_ALL.keys()


def test_nothing_of_another_repository_is_read_or_changed(store: Store) -> None:
    """Whichever came first; and one that only shares the other's keys has nothing."""
    stranger = RepositoryRef(7, 9, "zoe/engine", "main", private=False)
    nothing = read(store, stranger)
    fill(store, ENGINE)
    alone = read(store, ENGINE)

    fill(store, BRAKES)

    assert differing(read(store, ENGINE), alone) == []
    assert differing(read(store, stranger), nothing) == []
    store.delete_repository(ENGINE.id)
    kept = read(store, BRAKES)
    fill(store, ENGINE)
    assert differing(read(store, BRAKES), kept) == []
    assert differing(read(store, ENGINE), alone) == []


def test_every_reader_had_something_to_tell(store: Store) -> None:
    """Else what the other test finds would be true of nothing: of both there is something, and not the same."""
    stranger = RepositoryRef(7, 9, "zoe/engine", "main", private=False)
    nothing = read(store, stranger)
    for ref in (ENGINE, BRAKES):
        fill(store, ref)

    filled = [read(store, ref) for ref in (ENGINE, BRAKES)]

    assert differing(filled[0], filled[1]) == list(READERS)
    assert differing(filled[0], nothing) == list(READERS)

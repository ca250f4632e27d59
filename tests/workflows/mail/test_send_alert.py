"""The default branch turned red, or recovered: one mail to each of those it concerns and who opted in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.branch_state import BranchState
from gate.core.failure import Transient
from gate.core.mail_work import SendAlert
from gate.core.verdict import Outcome, Verdict
from gate.workflows.deliver import CLAIM, abandon
from gate.workflows.send_alert import RETRY_SECONDS, send_alert
from tests.mail_server import Script
from tests.verdicts import BLOCKED
from tests.workflows.inline_run import InlineRun
from tests.workflows.mail.mail_service import MIRA, MONDAY, SHOP, WES, Clock, note_recipients

OWNER = "owner@elsewhere.example"
PASSED = replace(BLOCKED, outcome=Outcome.PASSED, checks=())
Commit = Callable[[str], str]
_NOBODY = {
    "GIT_AUTHOR_NAME": "x",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x@x.example",
    "PATH": "/usr/bin:/bin",
}


@pytest.fixture
def commit(service: Clock) -> Commit:
    """Makes a commit of an author in the repository's mirror; its sha."""
    folder = service.data_dir / "mirrors" / f"{SHOP.id}.git"
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)

    def git(*arguments: str, content: str = "", author: str = "x@x.example") -> str:
        done = subprocess.run(
            ["git", "--git-dir", str(folder), *arguments],
            input=content.encode(),
            capture_output=True,
            check=True,
            env={**_NOBODY, "GIT_AUTHOR_EMAIL": author},
        )
        return done.stdout.decode().strip()

    def made(author: str) -> str:
        owners = git("hash-object", "-w", "--stdin", content=f"*.py {OWNER} @octo/team\n*.md no@x.example\n")
        tree = git("mktree", content=f"100644 blob {owners}\tCODEOWNERS\n")
        return git("commit-tree", tree, "-m", "m", author=author)

    return made


def turn(service: Clock, state: BranchState, sha: str, *, verdict: Verdict = BLOCKED) -> SendAlert:
    """The default branch came to stand so at a commit."""
    run_id = f"record:7:main:{sha[:7]}:{state}"
    service.store.save_verdict(SHOP.id, 0, verdict, run_id=run_id, now=service.now(), branch="main")
    change = service.store.note_branch_state(
        SHOP.id, state, sha=sha, run_id=run_id, why="why", now=service.now()
    )
    assert change is not None
    return SendAlert(SHOP, change.number)


def send(service: Clock, work: SendAlert) -> None:
    send_alert(InlineRun(), service, work)


def subjects(script: Script) -> list[tuple[str, str]]:
    """(recipient, subject) of what arrived."""
    return [(to, mail["Subject"]) for to, mail in script.taken]


def test_the_author_is_told_when_it_turns_red_and_when_it_recovers(
    service: Clock, script: Script, commit: Commit
) -> None:
    """
    Once each, whoever repeats the work.
    """
    red, green = commit(MIRA), commit("stranger@elsewhere.example")
    for state, sha, verdict in (("blocked", red, BLOCKED), ("well", green, PASSED)):
        work = turn(service, state, sha, verdict=verdict)  # type: ignore[arg-type]  # a BranchState
        send(service, work)
        send(service, work)

    assert subjects(script) == [
        (MIRA, f"octo/shop: main is blocked at {red[:7]}"),
        (MIRA, f"octo/shop: main passes again at {green[:7]}"),
    ]


def test_what_the_mail_says(service: Clock, script: Script, commit: Commit) -> None:
    """
    What decided, each reason, where the verdict is; one click stops mail about this repository.
    """
    sha = commit(MIRA)

    send(service, turn(service, "blocked", sha))

    ((_, mail),) = script.taken
    text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_content()
    assert "main is blocked\noctoshop"[:15] in text.replace("\r\n", "\n")
    assert "- RetryBudget.plan" in text
    assert f"https://gate.example/runs/record%3A7%3Amain%3A{sha[:7]}%3Ablocked" in text
    assert mail["List-Id"] == "<alert.gate.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "References" not in mail


@pytest.mark.parametrize(
    ("author", "recipients", "confirmed", "told"),
    [
        # In a domain that the operator allows: without being a recipient.
        (MIRA, (), (), [MIRA]),
        # Elsewhere: recipients who confirmed.
        (WES, (WES,), (WES,), [WES]),
        (WES, (WES,), (), []),
        (WES, (), (WES,), []),
        # The owner of the files that the reasons are about, likewise.
        ("stranger@x.example", (OWNER,), (OWNER,), [OWNER]),
        ("stranger@x.example", (OWNER,), (), []),
        # A recipient who neither wrote it nor owns it is left alone.
        ("stranger@x.example", (WES,), (WES,), []),
        ("no address", (), (), []),
    ],
)
def test_who_is_told(  # noqa: PLR0917
    service: Clock,
    script: Script,
    commit: Commit,
    author: str,
    recipients: tuple[str, ...],
    confirmed: tuple[str, ...],
    told: list[str],
) -> None:
    """
    Author and owners, by the addresses that commit and CODEOWNERS give, as far as they opted in.
    """
    note_recipients(service.store, SHOP, *recipients)
    for address in confirmed:
        service.store.claim_asking(SHOP.id, address, now=MONDAY, not_since=MONDAY)
        service.store.confirm(SHOP.id, address, MONDAY)

    send(service, turn(service, "blocked", commit(author)))

    assert [to for to, _ in script.taken] == told


def test_a_private_repository_is_told_to_allowed_domains_alone(
    service: Clock, script: Script, commit: Commit
) -> None:
    """
    Whatever somebody confirmed while it was public.
    """
    note_recipients(service.store, SHOP, WES)
    service.store.claim_asking(SHOP.id, WES, now=MONDAY, not_since=MONDAY)
    service.store.confirm(SHOP.id, WES, MONDAY)
    service.store.save_repository(replace(SHOP, private=True))

    send(service, turn(service, "blocked", commit(WES)))

    assert script.taken == []


def test_who_stopped_is_not_told(service: Clock, script: Script, commit: Commit) -> None:
    """
    Neither of the recovery, when they were told that it turned red.
    """
    send(service, turn(service, "blocked", commit(MIRA)))
    service.store.stop(SHOP.id, MIRA, MONDAY)
    send(service, turn(service, "well", commit(MIRA), verdict=PASSED))
    service.store.confirm(SHOP.id, MIRA, MONDAY)
    service.store.suppress(MIRA, "stopped", MONDAY)
    send(service, turn(service, "could_not_measure", commit(MIRA)))

    assert [subject for _, subject in subjects(script)] == [script.taken[0][1]["Subject"]]


def test_an_older_change_is_not_told_after_a_newer_one(
    service: Clock, script: Script, commit: Commit
) -> None:
    """
    It does not hold any more.
    """
    older = turn(service, "blocked", commit(MIRA))
    turn(service, "well", commit(MIRA), verdict=PASSED)

    send(service, older)

    assert script.taken == []


def test_what_was_put_off_is_tried_again(service: Clock, script: Script, commit: Commit) -> None:
    """
    The engine waits ten minutes and does it again; whoever has it gets no second one.
    """
    note_recipients(service.store, SHOP, OWNER)
    service.store.claim_asking(SHOP.id, OWNER, now=MONDAY, not_since=MONDAY)
    service.store.confirm(SHOP.id, OWNER, MONDAY)
    script.rcpt = {MIRA: "451 later"}
    work = turn(service, "blocked", commit(MIRA))

    with pytest.raises(Transient) as caught:
        send(service, work)
    script.rcpt = {}
    send(service, work)

    assert caught.value.retry_after_seconds == RETRY_SECONDS
    assert [to for to, _ in script.taken] == [OWNER, MIRA]


def test_one_address_gets_ten_a_day(service: Clock, script: Script, commit: Commit) -> None:
    """
    A branch that changes its mind all day does not fill a mailbox.
    """
    sha = commit(MIRA)
    for number in range(12):
        send(service, turn(service, "well" if number % 2 else "blocked", sha, verdict=BLOCKED))
        service.time += timedelta(minutes=1)

    assert len(script.taken) == 10


def test_a_dead_worker_leaves_an_unknown_alert(service: Clock, script: Script, commit: Commit) -> None:
    """
    It is not sent again.
    """
    work = turn(service, "blocked", commit(MIRA))
    script.cut_at = "end"
    send(service, work)
    service.time += CLAIM + timedelta(seconds=1)
    abandon(service)
    send(service, work)

    assert service.store.mail_counts() == {("alert", "unknown"): 1}
    assert len(script.taken) == 1

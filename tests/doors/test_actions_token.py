"""Tokens of GitHub Actions against a real server of keys: what holds is believed, and whatever else is refused with its cause."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator

import pytest

from gate.actions_token import ActionsTokens, Claims, Keys, RefusedTokenError
from gate.actions_token import keys as module
from gate.core.failure import Transient
from tests.actions_issuer import AUDIENCE, SHA, Issuer, jwk, public_pem, rsa, running, signed

HOUR = 3600


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running() as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(issuer: Issuer, clock: Clock) -> ActionsTokens:
    return ActionsTokens(Keys(issuer.url, clock=clock), issuer=issuer.url, audience=AUDIENCE)


def raw(header: dict[str, object], claims: dict[str, object], secret: bytes = b"") -> str:
    """A token put together by hand, as no library would."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest() if secret else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_push_says_what_it_is(tokens: ActionsTokens, issuer: Issuer) -> None:
    """
    Repository, commit and workflow; no pull request.
    """
    claims = tokens.verified(issuer.token())

    workflow = "ada/engine/.github/workflows/ci.yml@refs/heads/main"
    assert claims == Claims(7, SHA, "refs/heads/main", workflow, "push")
    assert claims.number is None
    assert issuer.looks == ["/.well-known/jwks"]


@pytest.mark.parametrize(
    ("event_name", "ref", "number"),
    [
        ("pull_request", "refs/pull/17/merge", 17),
        ("push", "refs/pull/17/merge", None),
        ("pull_request", "refs/pull/17/head", None),
        ("pull_request", "refs/pull/0/merge", None),
        ("merge_group", "refs/heads/gh-readonly-queue/main/pr-17-abc", None),
    ],
)
def test_a_pull_request_is_known_by_its_ref(
    tokens: ActionsTokens, issuer: Issuer, event_name: str, ref: str, number: int | None
) -> None:
    """
    Of the event that GitHub runs for its merge, and of no other.
    """
    assert tokens.verified(issuer.token(event_name=event_name, ref=ref)).number == number


Make = Callable[[Issuer], str]


REFUSED: list[tuple[Make, str]] = [
    (lambda it: it.token(iss="https://evil.example"), "of another issuer than http://127.0.0.1"),
    (lambda it: it.token(iss=None), "has no iss"),
    (lambda it: it.token(aud="https://github.com/ada"), f"ask for one with the audience {AUDIENCE}"),
    (lambda it: it.token(aud=f"{AUDIENCE}.evil.example"), "another audience"),
    (lambda it: it.token(aud=None), "has no aud"),
    (lambda it: it.token(exp=time.time() - 61), "has expired"),
    (lambda it: it.token(exp=None), "has no exp"),
    (lambda it: it.token(nbf=time.time() + 90), "not valid yet"),
    (lambda it: it.token(nbf=None), "has no nbf"),
    (lambda it: it.token(iat=time.time() + 90), "not valid yet"),
    (lambda it: it.token(iat=None), "has no iat"),
    # Whose signature it is.
    (lambda it: signed(it.claims(), key=rsa("other")), "signature is wrong"),
    (lambda it: it.token()[:-6] + "AAAAAA", "signature is wrong"),
    (lambda it: signed(it.claims(), name="unknown"), "a key that http://127.0.0.1"),
    (lambda it: signed(it.claims(), name=None), "does not name the key"),
    (lambda it: raw({"alg": "RS256", "typ": "JWT", "kid": 7}, it.claims()), "no token of GitHub"),
    # What an algorithm can be confused with.
    (lambda it: raw({"alg": "none", "typ": "JWT", "kid": "one"}, it.claims()), "another algorithm"),
    (
        lambda it: raw({"alg": "HS256", "kid": "one"}, it.claims(), public_pem(rsa("one"))),
        "another algorithm than RS256",
    ),
    (lambda it: signed(it.claims(), algorithm="RS512"), "another algorithm"),
    (lambda it: signed(it.claims(), algorithm="PS256"), "another algorithm"),
    (lambda it: raw({"alg": "RS256", "kid": "one"}, it.claims()), "signature is wrong"),
    # What it has to say.
    (lambda it: it.token(repository_id=None), "has no repository_id"),
    (lambda it: it.token(repository_id=7), "has no repository_id, or one that is no text"),
    (lambda it: it.token(repository_id="7 OR 1"), "repository_id is no number"),
    (lambda it: it.token(sha="main"), "sha is not that of a commit"),
    (lambda it: it.token(sha=None), "has no sha"),
    (lambda it: it.token(event_name=None), "has no event_name"),
    (lambda it: it.token(workflow_ref="a\nb"), "has no workflow_ref, or one that is no text"),
    # No tokens at all.
    (lambda _: "", "no token of GitHub Actions"),
    (lambda _: "a.b.c", "no token of GitHub Actions"),
    (lambda _: "x" * 20_000, "more than 16384 characters"),
]
"""Tokens in which one thing does not hold, and what is said of it."""


@pytest.mark.parametrize(
    ("make", "text"), REFUSED, ids=[f"{number} {text}" for number, (_, text) in enumerate(REFUSED)]
)
def test_whatever_does_not_hold_is_refused(
    tokens: ActionsTokens, issuer: Issuer, make: Make, text: str
) -> None:
    """
    With what is wrong, and without the token.
    """
    token = make(issuer)

    with pytest.raises(RefusedTokenError) as refused:
        tokens.verified(token)

    assert text in str(refused.value)
    assert not [part for part in token.split(".") if len(part) > 9 and part in str(refused.value)]


def test_clocks_may_differ_by_a_minute(tokens: ActionsTokens, issuer: Issuer) -> None:
    """
    Either way.
    """
    now = time.time()

    assert tokens.verified(issuer.token(exp=now - 50))
    assert tokens.verified(issuer.token(nbf=now + 50, iat=now + 50))


def test_keys_are_read_once_an_hour(tokens: ActionsTokens, issuer: Issuer, clock: Clock) -> None:
    """
    However many tokens arrive; a key that was taken back holds no longer after that.
    """
    for _ in range(3):
        tokens.verified(issuer.token())
    looks = len(issuer.looks)
    issuer.keys = [jwk("two", rsa("two"))]
    tokens.verified(issuer.token())
    clock.now += HOUR

    with pytest.raises(RefusedTokenError, match="does not have"):
        tokens.verified(issuer.token())

    assert (looks, len(issuer.looks)) == (1, 2)


def test_a_new_key_is_looked_for_at_once_and_no_storm_follows(
    tokens: ActionsTokens, issuer: Issuer, clock: Clock
) -> None:
    """
    An unknown name costs one request a minute, whoever makes up however many.
    """
    tokens.verified(issuer.token())
    clock.now += 61
    for number in range(20):
        with pytest.raises(RefusedTokenError):
            tokens.verified(signed(issuer.claims(), name=f"made up {number}"))
    assert len(issuer.looks) == 2
    issuer.keys.append(jwk("new", rsa("new")))
    clock.now += 61

    assert tokens.verified(signed(issuer.claims(), key=rsa("new"), name="new"))
    assert len(issuer.looks) == 3


def test_known_keys_hold_while_the_issuer_is_away(
    tokens: ActionsTokens, issuer: Issuer, clock: Clock
) -> None:
    """
    For a day; then nothing is believed, and nobody is refused for good either.
    """
    tokens.verified(issuer.token())
    issuer.status = 503
    clock.now += 23 * HOUR
    assert tokens.verified(issuer.token())
    clock.now += HOUR

    with pytest.raises(Transient, match="cannot be read: the answer has the status 503"):
        tokens.verified(issuer.token())


@pytest.mark.parametrize(
    ("body", "status", "headers", "text"),
    [
        (b"x" * (300 << 10), 200, {}, "more than 262144 bytes"),
        (b"<html>", 200, {}, "no set of keys"),
        (b"[" * 100_000, 200, {}, "no set of keys"),
        (b'{"keys": {"one": 1}}', 200, {}, "no set of keys"),
        (b'{"keys": []}', 200, {}, "no RSA key"),
        (b'{"keys": [{"kid": "one", "kty": "oct", "k": "c2VjcmV0"}, 7]}', 200, {}, "no RSA key"),
        (b'{"keys": [{"kid": "one", "kty": "RSA", "n": "!", "e": "AQAB"}]}', 200, {}, "no RSA key"),
        (b"", 302, {"Location": "/elsewhere"}, "status 302"),
        (b"", 404, {}, "status 404"),
    ],
)
def test_an_issuer_that_answers_something_else_is_not_believed(
    tokens: ActionsTokens, issuer: Issuer, body: bytes, status: int, headers: dict[str, str], text: str
) -> None:
    """
    Nobody is refused for it: they are to try again; a redirection is not followed.
    """
    issuer.body, issuer.status, issuer.headers = body, status, headers

    for _ in range(3):
        with pytest.raises(Transient, match=text):
            tokens.verified(issuer.token())

    assert issuer.looks == ["/.well-known/jwks"]


@pytest.mark.parametrize(
    "key",
    [
        jwk("one", rsa("small", 1024)),
        jwk("one", rsa("one"), use="enc"),
        jwk("one", rsa("one"), alg="RS512"),
        jwk("one", rsa("one"), d="AQAB"),
    ],
    ids=["1024 bits", "for encryption", "for another algorithm", "private"],
)
def test_other_keys_are_none_of_ours(tokens: ActionsTokens, issuer: Issuer, key: dict[str, str]) -> None:
    """
    Beside one that is.
    """
    issuer.keys = [key, jwk("two", rsa("two"))]

    with pytest.raises(RefusedTokenError, match="does not have"):
        tokens.verified(issuer.token())


def test_an_issuer_that_is_not_there_is_said(clock: Clock) -> None:
    """
    And asked again a minute later.
    """
    with running() as gone:
        url = gone.url
    tokens = ActionsTokens(Keys(url, clock=clock), issuer=url, audience=AUDIENCE)

    with pytest.raises(Transient, match=r"/\.well-known/jwks cannot be read: ConnectionError"):
        tokens.verified(gone.token())


def test_an_issuer_that_drips_is_cut_off(
    tokens: ActionsTokens, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    By the time that the whole answer may take, for each packet of it comes in time.
    """
    monkeypatch.setattr(module, "_WHOLE_SECONDS", -1)

    with pytest.raises(Transient, match="took longer"):
        tokens.verified(issuer.token())

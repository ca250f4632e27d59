"""Nobody is asked because a payload names an address: whoever it leads to hears nothing, and the verdict comes all the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.flows.conftest import SHOP, World
from tests.rewriting_addresses import rewritten


@dataclass(slots=True)
class Listener:
    """A port on this machine, and what came to it."""

    server: socket.socket
    connections: list[object] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def listen(self) -> None:
        """Until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, peer = self.server.accept()
                self.connections.append(peer)
                connection.close()


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server)
        thread = threading.Thread(target=listener.listen, daemon=True)
        thread.start()
        yield listener
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_addresses_of_payloads_are_never_asked(world: World, elsewhere: Listener) -> None:
    """
    Of the installation, a push and a pull request: clone, API and web addresses, of repository, owner and sender.
    """
    webhooks = world.github.webhooks
    first, count = len(webhooks.deliveries), 0
    webhooks.held = True
    try:
        repository = world.repository(told=True)
        repository.push("main", {**SHOP, "README.md": "# The shop\n"})
        pull = repository.open_pull_request({"shop.py": SHOP["shop.py"] + "\n\nPRICE = 27\n"})
        deliveries = webhooks.deliveries[first:]
        for delivery in deliveries:
            delivery.payload, found = rewritten(delivery.payload, elsewhere.url)
            count += found
    finally:
        webhooks.held = False
    webhooks.deliver(*deliveries)

    world.settled(pull)

    assert count > 100
    assert {delivery.status_code for delivery in deliveries} <= {200, 202}
    assert pull.check_run.conclusion == "success"
    assert elsewhere.connections == []


def test_the_listener_would_have_noticed(elsewhere: Listener) -> None:
    """
    So that the test above can fail.
    """
    with socket.create_connection(elsewhere.server.getsockname()) as connection:
        assert connection.recv(1) == b""

    assert len(elsewhere.connections) == 1

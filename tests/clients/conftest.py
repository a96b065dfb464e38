"""Drivers that run as long as the tests, and the clients that one test opens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest

from kurrent_conn.testing import SimulatedCluster
from tests.clients.driver import Client, Driver
from tests.clients.roster import GUESTS, Guest, of_roster

CA_FILE = re.compile("tlsCaFile=([^&]*)&?")

Open = Callable[..., Client]


@pytest.fixture(scope="session")
def drivers() -> Iterator[Callable[[Guest], Driver]]:
    """One process a client, started when first needed."""
    running: dict[str, Driver] = {}

    def driver(guest: Guest) -> Driver:
        found = running.get(guest.name)
        if found is None or not found.is_running:
            if found is not None:
                found.end()
            found = running[guest.name] = Driver(guest.command())
        return found

    yield driver
    for each in running.values():
        each.end()


@pytest.fixture(params=of_roster(*GUESTS))
def guest(request: pytest.FixtureRequest) -> Guest:
    """Every client of the roster, one after another."""
    chosen: Guest = request.param
    return chosen


@pytest.fixture
def open_client(guest: Guest, drivers: Callable[[Guest], Driver]) -> Iterator[Open]:
    """Open a client by a connection string; all are closed after the test."""
    driver = drivers(guest)
    opened: list[Client] = []

    def open_(uri: str) -> Client:
        ca = CA_FILE.search(uri) if guest.ca_apart else None
        number = (
            driver.order("open", uri=CA_FILE.sub("", uri), ca=unquote(ca[1]))
            if ca
            else driver.order("open", uri=uri)
        )
        opened.append(Client(guest, driver, number))
        return opened[-1]

    yield open_
    for client in opened:
        if driver.is_running:
            client.close()


@pytest.fixture(scope="module")
def calm() -> Iterator[SimulatedCluster]:
    """Three members with TLS to which nothing happens; many tests share them."""
    with SimulatedCluster() as running:
        yield running


@pytest.fixture
def cluster() -> Iterator[SimulatedCluster]:
    """Three members with TLS that may fail."""
    with SimulatedCluster() as running:
        yield running

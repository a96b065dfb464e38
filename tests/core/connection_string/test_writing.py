"""The canonical form is the one that most clients read alike."""

from __future__ import annotations

import string

import pytest

from kurrent_conn.core.client_readings.client import Accepted, Client
from kurrent_conn.core.client_readings.reading import read_as
from kurrent_conn.core.connection_string.percent import encode
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.settings import Settings

HOSTS = (Endpoint("h1", 1), Endpoint("h2", 2))


def readers(text: str, field: str, wanted: str) -> set[Client]:
    """Tell which clients take the wanted password or path, and both hosts."""
    found = set()
    for client in Client:
        reading = read_as(client, text)
        if isinstance(reading, Accepted) and len(reading.hosts) == 2:
            values = dict(reading.values) | {"password": reading.password}
            if values[field] == wanted:
                found.add(client)
    return found


@pytest.mark.parametrize("character", "!$&'()*+;=-._~")
def test_what_stays_raw_in_a_password_is_read_by_more(character: str) -> None:
    """A character that is left as it is in a password is read rightly by more."""
    password = f"a{character}b"
    raw = f"kurrentdb://u:{password}@h1:1,h2:2"
    assert Settings(HOSTS, username="u", password=password).to_string() == raw
    encoded = raw.replace(password, f"a%{ord(character):02X}b")
    assert len(readers(raw, "password", password)) > len(
        readers(encoded, "password", password)
    )


@pytest.mark.parametrize("character", sorted(set(string.punctuation) - set("!$'()*")))
def test_no_password_moves_the_hosts(character: str) -> None:
    """Whatever is in a password, a client that accepts it takes the right hosts."""
    text = Settings(HOSTS, username="u", password=f"a{character}b").to_string()
    for client in Client:
        reading = read_as(client, text)
        if isinstance(reading, Accepted):
            assert [seed.host for seed in reading.hosts] == ["h1", "h2"]


def test_a_path_is_read_by_all() -> None:
    """An ordinary path is written as every client reads it."""
    path = "/etc/kurrent/ca.pem"
    text = Settings(HOSTS, tls_ca_file=path, username="u", password="p").to_string()
    assert readers(text, "tlsCaFile", path) == set(Client)
    assert encode(path) not in text

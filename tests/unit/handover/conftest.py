from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.conversations.cipher import FernetCipher
from bot.storage.engine import Database
from tests.unit.handover.front import Front
from tests.unit.mandats.databases import sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(sqlite_url(tmp_path))
    yield database
    database.close()


@pytest.fixture
def front(database: Database) -> Front:
    return Front.over(database, cipher=FernetCipher(SecretStr(Fernet.generate_key().decode())))

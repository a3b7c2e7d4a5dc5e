"""The data directory: who holds it, and files that are not what a server writes."""

from pathlib import Path

import pytest

from slipway.data_directory import DataDirectory, DataError


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first, second = DataDirectory(tmp_path), DataDirectory(tmp_path)
    first.lock()
    with pytest.raises(DataError, match=r"A server with pid \d+ already runs on"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    key = directory.root_key()
    assert directory.root_key() == key
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert key.secret_access_key not in repr(key)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "cannot be read", id="empty"),
        pytest.param("[]", "is not what a server writes", id="no object"),
        pytest.param('{"access_key_id": "AKIA"}', "is not what a server writes", id="member missing"),
    ],
)
def test_a_file_that_no_server_wrote_is_said_to_be_so(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "credentials.json").write_text(text)
    with pytest.raises(DataError, match=rf"credentials\.json {words}"):
        DataDirectory(tmp_path).root_key()

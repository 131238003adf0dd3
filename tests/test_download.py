import hashlib
import io
import socket
import time
import zipfile
from dataclasses import replace

import pytest
from publisher import Publisher

from course import corpora
from course.corpora import DownloadError, fetch, load_pairs, registry
from course.errors import CourseError

SPANISH = b"Go.\tVe.\nHi.\tHola.\n"
FRENCH = b"Go.\tVa !\nHi.\tSalut.\nRun!\tCours !\n"


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def offer(publisher: Publisher, name: str, members: dict[str, bytes] | bytes) -> None:
    content = members if isinstance(members, bytes) else zipped(members)
    publisher.files[f"/mirror/{name}.zip"] = content


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache; no corpora of the user's own, no proxy."""
    for name in ("COURSE_DATA", "COURSE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def publisher(monkeypatch):
    publisher = Publisher()
    monkeypatch.setenv("COURSE_MIRROR", publisher.base)
    yield publisher
    publisher.close()


@pytest.fixture
def small_spanish(monkeypatch):
    """A spa-eng of two pairs, with the checksum of just these."""
    digest = hashlib.sha256(SPANISH).hexdigest()
    small = replace(registry.CORPORA["spa-eng"], sha256=digest)
    monkeypatch.setitem(registry.CORPORA, "spa-eng", small)


def refusal(name: str) -> str:
    """Return the message of a refused download, which must be one line."""
    with pytest.raises(DownloadError) as caught:
        fetch(name)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(f"{name} was not downloaded: ")
    assert message.endswith(f"or try again later: course data fetch {name}")
    return message


def files_in(folder) -> list[str]:
    return sorted(file.name for file in folder.rglob("*"))


def test_good_download_is_checked_and_kept(publisher, small_spanish, cache):
    offer(publisher, "spa-eng", {"spa-eng/spa.txt": SPANISH, "spa-eng/_about.txt": b"CC BY"})
    said = []
    file = fetch("spa-eng", say=said.append)
    assert file == cache / "spa-eng" / "spa.txt"
    assert file.read_bytes() == SPANISH
    assert (file.parent / "_about.txt").read_bytes() == b"CC BY"
    assert files_in(cache) == ["_about.txt", "spa-eng", "spa.sha256", "spa.txt"]
    assert said == [
        f"downloading {publisher.base}/spa-eng.zip",
        "spa-eng: SHA-256 is as expected",
    ]


def test_second_fetch_downloads_nothing_unless_forced(publisher, small_spanish):
    offer(publisher, "spa-eng", {"spa-eng/spa.txt": SPANISH})
    assert fetch("spa-eng") == fetch("spa-eng")
    assert len(publisher.requests) == 1
    fetch("spa-eng", force=True)
    assert len(publisher.requests) == 2


def test_pair_without_known_checksum_is_recorded(publisher, cache):
    offer(publisher, "fra-eng", {"fra.txt": FRENCH, "_about.txt": b"CC BY"})
    said = []
    fetch("fra-eng", say=said.append)
    digest = hashlib.sha256(FRENCH).hexdigest()
    assert (cache / "fra-eng" / "fra.sha256").read_text() == f"{digest}  fra.txt\n"
    assert "gives no checksum" in said[-1] and digest[:12] in said[-1]


def test_client_looks_like_a_browser(publisher):
    offer(publisher, "fra-eng", {"fra.txt": FRENCH})
    fetch("fra-eng")
    assert publisher.requests[0][1].startswith("Mozilla/5.0")


def test_load_pairs_downloads_then_reads_the_cache(publisher, capsys):
    offer(publisher, "fra-eng", {"fra.txt": FRENCH})
    pairs = load_pairs("fra-eng")
    assert pairs[0] == ("Go.", "Va !")
    assert pairs.source.startswith("fra-eng from a download (")
    assert "downloading" in capsys.readouterr().out
    assert load_pairs("fra-eng").source.startswith("fra-eng from the cache (")
    assert len(publisher.requests) == 1


def test_wrong_checksum_is_refused_and_not_cached(publisher, cache):
    offer(publisher, "spa-eng", {"spa-eng/spa.txt": SPANISH})
    assert "instead of 6ec60e212f81…, so it is refused" in refusal("spa-eng")
    assert files_in(cache) == []


def test_failed_update_leaves_the_old_file(publisher, small_spanish, cache):
    offer(publisher, "spa-eng", {"spa-eng/spa.txt": SPANISH})
    file = fetch("spa-eng")
    offer(publisher, "spa-eng", {"spa-eng/spa.txt": b"Bad.\tMal.\n"})
    with pytest.raises(DownloadError):
        fetch("spa-eng", force=True)
    assert file.read_bytes() == SPANISH
    assert files_in(cache) == ["spa-eng", "spa.sha256", "spa.txt"]


def test_truncated_download(publisher, cache):
    offer(publisher, "fra-eng", {"fra.txt": FRENCH})
    publisher.cut = 20
    assert "broke off" in refusal("fra-eng")
    assert files_in(cache) == []


def test_interrupted_by_the_learner(publisher, cache):
    offer(publisher, "fra-eng", {"fra.txt": FRENCH})

    def say(line):
        if "checksum" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("fra-eng", say=say)
    assert files_in(cache) == []


def test_not_found(publisher, cache):
    assert f"{publisher.base}/fra-eng.zip answered 404 Not Found" in refusal("fra-eng")
    assert files_in(cache) == []


@pytest.mark.parametrize(
    "content", [b"", b"<html>Please log in</html>", zipped({"fra.txt": FRENCH})[:-30]]
)
def test_no_zip_file(publisher, cache, content):
    offer(publisher, "fra-eng", content)
    assert "is no sound zip file" in refusal("fra-eng")
    assert files_in(cache) == []


def test_damaged_zip_file(publisher, cache):
    content = bytearray(zipped({"fra.txt": FRENCH}))
    content[40] ^= 0xFF
    offer(publisher, "fra-eng", bytes(content))
    assert "is no sound zip file" in refusal("fra-eng")
    assert files_in(cache) == []


def test_zip_file_of_something_else(publisher, cache):
    offer(publisher, "fra-eng", {"deu.txt": FRENCH})
    assert "fra-eng.zip holds no fra.txt" in refusal("fra-eng")
    assert files_in(cache) == []


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "C:/evil.txt"])
def test_escaping_member(publisher, cache, name):
    offer(publisher, "fra-eng", {"fra.txt": FRENCH, name: b"evil"})
    assert "has a member outside its folder" in refusal("fra-eng")
    assert files_in(cache.parent) == ["cache"]


def test_huge_member(publisher, cache, monkeypatch):
    monkeypatch.setattr("course.corpora.download.LARGEST", 1_000_000)
    offer(publisher, "fra-eng", {"fra.txt": FRENCH, "zeros.txt": bytes(2_000_000)})
    assert "would unpack to 2,000,0" in refusal("fra-eng")
    assert files_in(cache) == []


def test_server_is_not_there(monkeypatch, cache):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("COURSE_MIRROR", f"http://{address}")
        assert f"no network, {address} does not answer" in refusal("spa-eng")
    assert files_in(cache) == []


def test_network_that_swallows_everything_is_given_up_soon(monkeypatch):
    def swallow(*arguments):
        time.sleep(5)
        raise TimeoutError

    monkeypatch.setattr("course.corpora.download.PATIENCE", 0.2)
    monkeypatch.setattr(socket, "create_connection", swallow)
    monkeypatch.setenv("COURSE_MIRROR", "http://127.0.0.1:9")
    start = time.monotonic()
    assert "no network" in refusal("spa-eng")
    assert time.monotonic() - start < 3


def test_lesson_goes_on_without_the_network(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("COURSE_MIRROR", f"http://127.0.0.1:{taken.getsockname()[1]}")
        said = []
        pairs = load_pairs("spa-eng", limit=4, say=said.append)
    assert len(pairs) == 4
    assert "in place of spa-eng" in pairs.source
    assert "no network" in said[-1] and said[-1].endswith("course data fetch spa-eng")


def test_offline_mode_does_not_try(publisher, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert "COURSE_OFFLINE is set" in refusal("fra-eng")
    assert publisher.requests == []


def test_cache_that_cannot_be_written(publisher, cache):
    cache.write_text("a file where the folder should be")
    offer(publisher, "fra-eng", {"fra.txt": FRENCH})
    assert f"cannot write to the cache {cache}" in refusal("fra-eng")


def test_corpus_in_the_data_folder_is_not_downloaded(publisher, monkeypatch, tmp_path):
    file = tmp_path / "data" / "fra-eng" / "fra.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(FRENCH)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    assert fetch("fra-eng") == file
    assert publisher.requests == []


def test_what_ships_is_not_fetched():
    with pytest.raises(CourseError, match="nothing to fetch"):
        fetch("shipped")


def test_publishers_addresses(monkeypatch):
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    tensorflow = "http://storage.googleapis.com/download.tensorflow.org/data/spa-eng.zip"
    assert corpora.lookup("spa-eng").url == tensorflow
    assert corpora.lookup("fra-eng").url == "https://www.manythings.org/anki/fra-eng.zip"

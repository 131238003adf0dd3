"""Downloads that are checked before they are kept.

A corpus arrives in a temporary folder inside the cache, is unpacked and checked there, and is moved
to its place in one step. Whatever goes wrong before that step leaves nothing behind. `attempt` and
`retrieve` do the same for a book, in `course.corpora.gutenberg`.
"""

import hashlib
import os
import shutil
import socket
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path, PureWindowsPath
from typing import BinaryIO
from urllib.parse import urlsplit

from course.corpora.registry import Corpus, cache_folder, find, lookup
from course.errors import CourseError

PATIENCE = 4.0  # seconds until a server that does not answer counts as no network
STALLED = 20.0  # seconds without a byte until a download counts as broken
LARGEST = 500_000_000  # bytes; the largest text that manythings.org offers has a tenth of it

# manythings.org turns away clients that do not look like a browser.
HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; unrolled)"}

Say = Callable[[str], object]


class DownloadError(CourseError):
    """A corpus or a book could not be had from its publisher; `reason` says why, without advice."""

    def __init__(self, name: str, reason: str, kind: str = "corpus") -> None:
        other = "gazette" if kind == "treebank" else "shipped"
        super().__init__(
            f"{name} was not downloaded: {reason}; the {kind} {other!r} needs no network, or try "
            f"again later: course data fetch {name}"
        )
        self.reason = reason


class NotRetrieved(Exception):
    """A server did not give what was asked of it, for a reason in words.

    Attributes:
        missing: whether it answered that it has no such thing.
    """

    def __init__(self, reason: str, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


def fetch(name: str, force: bool = False, say: Say | None = None) -> Path:
    """Make sure that a corpus lies on this machine.

    Args:
        name: of a corpus with a publisher, as "spa-eng".
        force: download it even if it is here, and replace what the cache holds.
        say: is told in a line what is downloaded and how it was checked.

    Returns:
        The file of sentence pairs.

    Raises:
        CourseError: no corpus has this name, or it comes with the course.
        DownloadError: there is no network, or what arrived was not what it should be.
    """
    corpus = lookup(name)
    if corpus.ships:
        raise CourseError(f"{name} comes with the course: there is nothing to fetch")
    found = find(corpus)
    if found and not force:
        return found[1]
    say = say or (lambda line: None)
    with attempt(name) as work:
        say(f"downloading {corpus.url}")
        archive = work / "archive.zip"
        retrieve(corpus.url, archive)
        text = _unpack(corpus, archive, work / "unpacked")
        say(check(name, text, corpus.sha256))
        return keep(text, cache_folder() / corpus.file)


@contextmanager
def attempt(name: str, kind: str = "corpus") -> Iterator[Path]:
    """Lend a folder inside the cache to download into, which goes when the attempt is over.

    Args:
        name: of what is downloaded.
        kind: "corpus", "book" or "treebank", for the message.

    Raises:
        DownloadError: `COURSE_OFFLINE` is set, a server failed, or the cache cannot be written.
    """
    if os.environ.get("COURSE_OFFLINE", "0") not in ("", "0"):
        raise DownloadError(name, "COURSE_OFFLINE is set", kind)
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
            yield Path(work)
    except NotRetrieved as error:
        raise DownloadError(name, str(error), kind) from None
    except OSError as error:
        reason = f"cannot write to the cache {cache}: {error.strerror or error}"
        raise DownloadError(name, f"{reason} (COURSE_CACHE names another place)", kind) from None


def keep(text: Path, target: Path) -> Path:
    """Move a text and all that lies beside it to its place in the cache, and return the place."""
    target.parent.mkdir(exist_ok=True)
    # The text last: where it lies, all that belongs to it lies.
    for file in sorted(text.parent.iterdir(), key=lambda file: file == text):
        os.replace(file, target.parent / file.name)
    return target


class _Bounded:
    """A file to write to that takes so many bytes and no more."""

    def __init__(self, file: BinaryIO, url: str, limit: int) -> None:
        self.file, self.url, self.limit = file, url, limit
        self.flush = file.flush

    def write(self, data: bytes) -> None:
        """Write, or give up what never ends."""
        if self.file.tell() + len(data) > self.limit:
            raise NotRetrieved(f"{self.url} is larger than {self.limit:,} bytes")
        self.file.write(data)


def retrieve(url: str, target: Path, limit: int = LARGEST) -> None:
    """Download a file.

    Args:
        url: where it is.
        target: where it goes.
        limit: how many bytes it may have.

    Raises:
        NotRetrieved: nobody answers, the answer is an error, it breaks off or is too large.
    """
    import pooch
    import requests

    _knock(url)
    downloader = pooch.HTTPDownloader(
        chunk_size=65536, headers=HEADERS, timeout=(PATIENCE, STALLED)
    )
    try:
        with open(target, "wb") as file:
            downloader(url, _Bounded(file, url, limit), None)
    except requests.HTTPError as error:
        code = error.response.status_code
        phrase = HTTPStatus(code).phrase if code in set(HTTPStatus) else "unknown status"
        missing = code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        raise NotRetrieved(f"{url} answered {code} {phrase}", missing) from None
    except (requests.RequestException, ValueError) as error:
        reason = f"the download of {url} broke off ({type(error).__name__})"
        raise NotRetrieved(reason) from None


def _knock(url: str) -> None:
    """Find out within seconds whether the server, or the proxy before it, can be reached.

    A connection's own timeout does not do it: it holds for each of a server's addresses, of which
    there may be a dozen, and not for looking up its name.
    """
    from requests.utils import get_environ_proxies, select_proxy

    address = select_proxy(url, get_environ_proxies(url)) or url
    parts = urlsplit(address if "://" in address else f"http://{address}")
    answered = threading.Event()

    def knock() -> None:
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            socket.create_connection((parts.hostname, port), PATIENCE).close()
            answered.set()
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not answered.is_set():
        raise NotRetrieved(f"no network, {parts.netloc} does not answer")


def _unpack(corpus: Corpus, archive: Path, folder: Path) -> Path:
    """Take a corpus' text and the page about it out of a zip file.

    Returns:
        The text, alone in a folder with the page about it.
    """
    folder.mkdir()
    text = folder / corpus.file.name
    try:
        with zipfile.ZipFile(archive) as bundle:
            _refuse_dangerous(corpus, bundle)
            about = str(Path(corpus.member).with_name("_about.txt").as_posix())
            for member in {corpus.member, about} & set(bundle.namelist()):
                with bundle.open(member) as packed, open(folder / Path(member).name, "wb") as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = f"{corpus.url} is no sound zip file ({error})"
        raise NotRetrieved(reason) from None
    if not text.exists():
        raise NotRetrieved(f"{corpus.url} holds no {corpus.member}")
    return text


def _refuse_dangerous(corpus: Corpus, bundle: zipfile.ZipFile) -> None:
    """Refuse a zip file that would write outside its folder or fill the disk."""
    for name in bundle.namelist():
        path = PureWindowsPath(name)  # knows both kinds of slash, and drives
        if path.drive or path.root or ".." in path.parts:
            raise NotRetrieved(f"{corpus.url} has a member outside its folder")
    size = sum(member.file_size for member in bundle.infolist())
    if size > LARGEST:
        raise NotRetrieved(f"{corpus.url} would unpack to {size:,} bytes")


def check(name: str, text: Path, sha256: str = "") -> str:
    """Compare a text with its known SHA-256; without one, write down what came.

    Args:
        name: of the corpus or book.
        text: what was downloaded; its checksum is written beside it.
        sha256: that it should have; empty if nobody can know.

    Returns:
        A line that says what was checked.

    Raises:
        NotRetrieved: the checksum is another one.
    """
    with open(text, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 and digest != sha256:
        reason = f"its SHA-256 is {digest[:12]}… instead of {sha256[:12]}…, so it is refused"
        raise NotRetrieved(reason)
    text.with_suffix(".sha256").write_text(f"{digest}  {text.name}\n")
    if sha256:
        return f"{name}: SHA-256 is as expected"
    return (
        f"{name}: its publisher changes it and gives no checksum; recorded SHA-256 "
        f"{digest[:12]}… of what came today"
    )

"""Downloads that are checked before they are kept.

A corpus arrives in a temporary folder inside the cache, is unpacked and checked there, and is moved
to its place in one step. Whatever goes wrong before that step leaves nothing behind.
"""

import hashlib
import os
import shutil
import socket
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path, PureWindowsPath
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
    """A corpus could not be had from its publisher; `reason` says why, without advice."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{name} was not downloaded: {reason}; the corpus 'shipped' needs no network, or try "
            f"again later: course data fetch {name}"
        )
        self.reason = reason


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
    if os.environ.get("COURSE_OFFLINE", "0") not in ("", "0"):
        raise DownloadError(name, "COURSE_OFFLINE is set")
    try:
        return _fetch(corpus, say or (lambda line: None))
    except OSError as error:
        reason = f"cannot write to the cache {cache_folder()}: {error.strerror or error}"
        raise DownloadError(name, f"{reason} (COURSE_CACHE names another place)") from None


def _fetch(corpus: Corpus, say: Say) -> Path:
    """Download, unpack, check, keep."""
    say(f"downloading {corpus.url}")
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
        archive = Path(work, "archive.zip")
        _download(corpus, archive)
        text = _unpack(corpus, archive, Path(work, "unpacked"))
        say(_check(corpus, text))
        target = cache / corpus.file
        target.parent.mkdir(exist_ok=True)
        # The text last: where it lies, all that belongs to it lies.
        for file in sorted(text.parent.iterdir(), key=lambda file: file == text):
            os.replace(file, target.parent / file.name)
    return target


def _download(corpus: Corpus, archive: Path) -> None:
    """Fetch the zip file of a corpus."""
    import pooch
    import requests

    _knock(corpus)
    downloader = pooch.HTTPDownloader(
        chunk_size=65536, headers=HEADERS, timeout=(PATIENCE, STALLED)
    )
    try:
        downloader(corpus.url, archive, None)
    except requests.HTTPError as error:
        code = error.response.status_code
        phrase = HTTPStatus(code).phrase if code in set(HTTPStatus) else "unknown status"
        raise DownloadError(corpus.name, f"{corpus.url} answered {code} {phrase}") from None
    except (requests.RequestException, ValueError) as error:
        reason = f"the download of {corpus.url} broke off ({type(error).__name__})"
        raise DownloadError(corpus.name, reason) from None


def _knock(corpus: Corpus) -> None:
    """Find out within seconds whether the server, or the proxy before it, can be reached.

    A connection's own timeout does not do it: it holds for each of a server's addresses, of which
    there may be a dozen, and not for looking up its name.
    """
    from requests.utils import get_environ_proxies, select_proxy

    address = select_proxy(corpus.url, get_environ_proxies(corpus.url)) or corpus.url
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
        raise DownloadError(corpus.name, f"no network, {parts.netloc} does not answer")


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
        raise DownloadError(corpus.name, reason) from None
    if not text.exists():
        raise DownloadError(corpus.name, f"{corpus.url} holds no {corpus.member}")
    return text


def _refuse_dangerous(corpus: Corpus, bundle: zipfile.ZipFile) -> None:
    """Refuse a zip file that would write outside its folder or fill the disk."""
    for name in bundle.namelist():
        path = PureWindowsPath(name)  # knows both kinds of slash, and drives
        if path.drive or path.root or ".." in path.parts:
            raise DownloadError(corpus.name, f"{corpus.url} has a member outside its folder")
    size = sum(member.file_size for member in bundle.infolist())
    if size > LARGEST:
        raise DownloadError(corpus.name, f"{corpus.url} would unpack to {size:,} bytes")


def _check(corpus: Corpus, text: Path) -> str:
    """Compare a text with its known SHA-256; without one, write down what came.

    Returns:
        A line that says what was checked.
    """
    with open(text, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if corpus.sha256 and digest != corpus.sha256:
        reason = f"its SHA-256 is {digest[:12]}… instead of {corpus.sha256[:12]}…, so it is refused"
        raise DownloadError(corpus.name, reason)
    text.with_suffix(".sha256").write_text(f"{digest}  {text.name}\n")
    if corpus.sha256:
        return f"{corpus.name}: SHA-256 is as expected"
    return (
        f"{corpus.name}: its publisher changes it and gives no checksum; recorded SHA-256 "
        f"{digest[:12]}… of what came today"
    )

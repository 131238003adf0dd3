"""The Penn Treebank as Mikolov prepared it: `simple-examples.tgz`, downloaded and checked."""

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path

from course.corpora import download
from course.corpora.download import NotRetrieved, Say
from course.corpora.registry import cache_folder, data_folder
from course.errors import CourseError

NAME = "ptb"
SITE = "http://www.fit.vutbr.cz/~imikolov/rnnlm"
ARCHIVE = "simple-examples.tgz"
INSIDE = "simple-examples/data"
LICENCE = "LDC material, for research; it must not be handed on"
TITLE = "English, the Penn Treebank as Mikolov prepared it"
SHA256 = {
    "ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}


def find() -> tuple[str, Path] | None:
    """Look for the treebank on this machine: which place it is, and the folder of its files."""
    places = [("COURSE_DATA", data_folder()), ("the cache", cache_folder())]
    for place, above in places:
        if above and all((above / NAME / file).is_file() for file in SHA256):
            return place, above / NAME
    return None


def folder() -> Path:
    """Return the folder of the treebank's files.

    Raises:
        CourseError: they are not here.
    """
    found = find()
    if found is None:
        raise CourseError(f"{NAME} is not here; to download it: course data fetch {NAME}")
    return found[1]


def fetch(force: bool = False, say: Say | None = None) -> Path:
    """Make sure that the treebank lies on this machine.

    Args:
        force: download it even if it is here, and replace what the cache holds.
        say: is told in a line what is downloaded and how it was checked.

    Returns:
        The folder of its three files.

    Raises:
        DownloadError: there is no network, or what arrived was not what it should be.
    """
    found = find()
    if found and not force:
        return found[1]
    say = say or (lambda line: None)
    url = f"{(os.environ.get('COURSE_MIRROR') or SITE).rstrip('/')}/{ARCHIVE}"
    with download.attempt(NAME, "treebank") as work:
        say(f"downloading {url}")
        download.retrieve(url, work / ARCHIVE)
        kept = work / "kept"
        _unpack(url, work / ARCHIVE, kept)
        for file, digest in SHA256.items():
            say(download.check(file, kept / file, digest))
        return download.keep(kept / "ptb.train.txt", cache_folder() / NAME / "ptb.train.txt").parent


def _unpack(url: str, archive: Path, folder: Path) -> None:
    """Take the three files out of the archive, and nothing else."""
    folder.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as bundle:
            for member in bundle:
                path = Path(member.name)
                if path.name in SHA256 and path.parent.as_posix().endswith(INSIDE):
                    _copy(bundle, member, folder / path.name)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise NotRetrieved(f"{url} is no sound tgz file ({error})") from None
    missing = [file for file in SHA256 if not (folder / file).exists()]
    if missing:
        raise NotRetrieved(f"{url} holds no {INSIDE}/{missing[0]}")


def _copy(bundle: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Copy one member, if it is a file and not larger than any of the three could be."""
    if not member.isfile() or member.size > download.LARGEST:
        raise NotRetrieved(f"{member.name} in {ARCHIVE} is no file of a sensible size")
    with open(target, "wb") as file:
        shutil.copyfileobj(bundle.extractfile(member), file)

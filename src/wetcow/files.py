"""Writing results: JSON without NaN, and files and folders that appear only when complete.

At every moment the old or the new one exists, whole. What a killed writer left is removed by the
next writer of the same file.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import pathlib
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

WAIT = 10.0  # seconds for another writer of the same file


def plain(value: Any) -> Any:
    """Make `value` fit for JSON, which has neither arrays nor NaN and infinity: those are null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, os.PathLike) else value


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a file that replaces the one at `path` in one step, when it is complete.

    A killed run, or an error in the block, leaves the old one or none. A link is followed; a device
    or a pipe is written to.

    Raises
    ------
    IsADirectoryError
        If `path` is a folder.
    BlockingIOError
        If another process goes on writing it.
    """
    path = _target(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file")
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    with only_writer(path, WAIT):
        partial = _partial(path)
        try:
            with partial.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike, content: bytes | memoryview) -> None:
    """Replace a file in one step, so that a killed run leaves the old one or none."""
    with whole_file(path) as file:
        file.write(content)


def save_figure(figure: Any, path: str | os.PathLike, **settings: Any) -> None:
    """Write a Matplotlib figure, whole or not at all; the suffix says the format.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Such as ``wave.png``.
    **settings
        Of ``figure.savefig``, such as ``dpi``.

    Raises
    ------
    ValueError
        For a format that Matplotlib does not write.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from matplotlib.figure import Figure
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_figure(Figure(), pathlib.Path(folder, "empty.png"))
    ...     [file.name for file in pathlib.Path(folder).iterdir()]
    ['empty.png']
    """
    suffix = pathlib.Path(path).suffix.removeprefix(".") or "png"
    drawn = io.BytesIO()
    settings.setdefault("format", suffix)
    figure.savefig(drawn, **settings)
    write_whole(path, drawn.getvalue())


def replace_folder(path: str | os.PathLike, write: Callable[[pathlib.Path], None]) -> None:
    """Replace a folder by a new one: the old is renamed aside, the new one in, the old deleted.

    If the process is killed between the renames, `standing` finds the old one, and the next writer
    puts it back.

    Parameters
    ----------
    path : path
        A folder that may be deleted; the caller has made sure that it is its own.
    write : callable
        Makes the new folder at the path that it is given.

    Raises
    ------
    BlockingIOError
        If another process writes to it.
    """
    path = _target(path)
    with only_writer(path):
        partial, aside = _partial(path), _aside(path)
        try:
            write(partial)
            if path.exists():
                os.rename(path, aside)
            try:
                os.rename(partial, path)
            except BaseException:
                if aside.exists() and not path.exists():
                    os.rename(aside, path)
                raise
            if aside.exists():
                _discard(aside, partial)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def standing(path: str | os.PathLike) -> pathlib.Path:
    """Return where the folder is now: aside, if a process was killed while replacing it."""
    path = _target(path)
    aside = _aside(path)
    return aside if aside.exists() and not path.exists() else path


@contextlib.contextmanager
def only_writer(path: str | os.PathLike, wait: float = 0.0) -> Iterator[None]:
    """Be the only writer of a file or folder; then remove what killed writers of it left.

    The operating system forgets the lock of a process that ends, however it ends.

    Parameters
    ----------
    path : path
        Written to in the block.
    wait : float
        For another writer, seconds.

    Raises
    ------
    BlockingIOError
        If there is another one, in this process or in another.
    """
    path = _target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    deadline = time.monotonic() + wait
    while (file := _locked(lock)) is None:
        if time.monotonic() >= deadline:
            raise BlockingIOError(
                f"{path} is being written by another process or thread{_holder(lock)}: wait for "
                "its end, or choose another path"
            )
        time.sleep(0.02)
    try:
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        _clean(path)
        yield
    finally:
        if sys.platform == "win32":  # where an open file cannot be removed
            file.close()
        with contextlib.suppress(OSError):
            lock.unlink()
        file.close()


def _locked(lock: pathlib.Path) -> BinaryIO | None:
    """Lock file, if no one else holds it."""
    file = lock.open("ab")
    try:
        _lock(file)
        # Between opening and locking, the one who held it may have removed it.
        if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
            return file
    except (BlockingIOError, PermissionError, FileNotFoundError):
        pass
    except OSError:  # a file system that has no locks
        return file
    file.close()
    return None


def _holder(lock: pathlib.Path) -> str:
    try:
        number = lock.read_text()
    except OSError:
        return ""
    return f" (process {number})" if number else ""


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _target(path: str | os.PathLike) -> pathlib.Path:
    return pathlib.Path(path).resolve()


def _partial(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def _aside(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(f".{path.name}.old")


def remove_folder(path: str | os.PathLike) -> None:
    """Delete a folder; half of it is never found under its name. For its only writer."""
    path = _target(path)
    _discard(path, _partial(path))


def _discard(folder: pathlib.Path, partial: pathlib.Path) -> None:
    """Delete a folder under the name of something incomplete: half of it must not be found."""
    os.rename(folder, partial)
    shutil.rmtree(partial)


def _clean(path: pathlib.Path) -> None:
    """Put back or remove what writers of `path` left that were killed."""
    name, stem, suffix = map(re.escape, (path.name, path.stem, path.suffix))
    # The second form is of results of earlier versions.
    left = re.compile(rf"\.{name}\.(\d+)\.partial|\.{stem}\.(\d+)\.partial{suffix}")
    for found in path.parent.iterdir():
        if (match := left.fullmatch(found.name)) and not _alive(int(match[1] or match[2])):
            if found.is_dir():
                shutil.rmtree(found, ignore_errors=True)
            else:
                found.unlink(missing_ok=True)
    aside = _aside(path)
    if aside.exists():
        if path.exists():
            _discard(aside, _partial(path))
        else:
            os.rename(aside, path)


def _alive(process: int) -> bool:
    """Whether another process of this number runs; on Windows, that is not asked."""
    if process == os.getpid():
        return False  # this one holds the lock, and is not writing yet
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True

"""Files and folders appear only when complete, whatever happens to the one who writes them."""

import os
import re
import stat
import subprocess
import sys
import threading

import pytest
from matplotlib.figure import Figure

from wetcow import files
from wetcow.files import only_writer, replace_folder, save_figure, standing, whole_file, write_whole


def names(folder):
    return sorted(one.name for one in folder.iterdir())


# Known answers


def test_every_writer_is_the_atomic_one():
    """No other way of writing files is used in the package."""
    package = os.path.dirname(files.__file__)
    direct = re.compile(
        r"\.write_text\(|\.write_bytes\(|\.to_netcdf\((?!buffer)|\.to_zarr\(|np\.savez?\((?!file|buffer)"
        r"|json\.dump\(|savefig\((?!buffer|drawn)|\.to_filename\(|open\([^)]*[\"'][wax]b?[\"']"
    )
    found = []
    for folder, _, inside in os.walk(package):
        for name in inside:
            path = os.path.join(folder, name)
            if name.endswith(".py") and path != files.__file__:
                with open(path, encoding="utf-8") as file:
                    lines = [line for line in file if not line.lstrip().startswith((">>>", "..."))]
                found += [f"{name}: {line.strip()}" for line in lines if direct.search(line)]
    allowed = ("archive.open(member", "``", "h5netcdf.File(buffer")
    assert [line for line in found if not any(one in line for one in allowed)] == []


# Files


class TestWholeFile:
    def test_failure_leaves_the_old_file(self, tmp_path):
        path = tmp_path / "table.json"
        write_whole(path, b"old")
        with pytest.raises(ZeroDivisionError), whole_file(path) as file:
            file.write(b"half of the new one")
            raise ZeroDivisionError
        assert path.read_bytes() == b"old"
        assert names(tmp_path) == ["table.json"]

    def test_leftovers_of_killed_writers_are_removed(self, tmp_path):
        """Those of processes that are gone, in the form of now and of earlier versions."""
        gone = subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
        ).stdout.strip()
        ours = [f".run.nc.{gone}.partial", f".run.{gone}.partial.nc", ".run.nc.lock"]
        others = [f".run.nc.{os.getppid()}.partial", f".other.nc.{gone}.partial", "run.nc.partial"]
        for name in ours + others:
            (tmp_path / name).write_text("part")
        write_whole(tmp_path / "run.nc", b"whole")
        assert names(tmp_path) == sorted(["run.nc", *others])

    def test_links_devices_folders(self, tmp_path):
        (tmp_path / "store").mkdir()
        write_whole(tmp_path / "store/real", b"old")
        (tmp_path / "link").symlink_to(tmp_path / "store/real")
        write_whole(tmp_path / "link", b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "store/real").read_bytes() == b"new"
        write_whole(os.devnull, b"nothing")
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode), "a device is written to, not replaced"
        with pytest.raises(IsADirectoryError, match="is a folder"):
            write_whole(tmp_path / "store", b"")
        (tmp_path / "link").chmod(0o640)
        write_whole(tmp_path / "link", b"again")
        assert stat.S_IMODE((tmp_path / "store/real").stat().st_mode) == 0o640

    def test_writers_at_once(self, tmp_path, monkeypatch):
        """The second waits for the first; one that waits in vain says for whom."""
        path = tmp_path / "table.json"
        with only_writer(path):
            monkeypatch.setattr(files, "WAIT", 0.05)
            with pytest.raises(BlockingIOError, match=rf"thread \(process {os.getpid()}\)"):
                write_whole(path, b"second")
            monkeypatch.setattr(files, "WAIT", 10.0)
            second = threading.Thread(target=write_whole, args=(path, b"second"))
            second.start()
            assert not path.exists()
        second.join()
        assert path.read_bytes() == b"second"
        assert names(tmp_path) == ["table.json"]

    def test_many_at_once_leave_one_whole(self, tmp_path):
        contents = [bytes([65 + number]) * 10_000 for number in range(8)]
        threads = [
            threading.Thread(target=write_whole, args=(tmp_path / "x", one)) for one in contents
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (tmp_path / "x").read_bytes() in contents
        assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_figures(suffix, tmp_path):
    path = tmp_path / f"new/wave.{suffix}"
    save_figure(Figure(), path)
    old = path.read_bytes()
    broken = Figure()
    broken.savefig = lambda *args, **kwargs: 1 / 0
    with pytest.raises(ZeroDivisionError):
        save_figure(broken, path)
    assert path.read_bytes() == old
    assert names(path.parent) == [path.name]


class TestReplaceFolder:
    @staticmethod
    def filled(text):
        def write(path):
            path.mkdir()
            (path / "content").write_text(text)

        return write

    def test_replaced(self, tmp_path):
        for text in ("old", "new"):
            replace_folder(tmp_path / "x.zarr", self.filled(text))
            assert (tmp_path / "x.zarr/content").read_text() == text
            assert names(tmp_path) == ["x.zarr"]

    @pytest.mark.parametrize("call", [1, 2])
    def test_a_failed_rename_leaves_the_old(self, call, tmp_path, monkeypatch):
        replace_folder(tmp_path / "x.zarr", self.filled("old"))
        real, calls = os.rename, []

        def rename(*args):
            calls.append(args)
            if len(calls) == call:
                raise OSError("no")
            real(*args)

        with monkeypatch.context() as patch, pytest.raises(OSError, match="no"):
            patch.setattr(os, "rename", rename)
            replace_folder(tmp_path / "x.zarr", self.filled("new"))
        assert (tmp_path / "x.zarr/content").read_text() == "old"
        assert names(tmp_path) == ["x.zarr"]

    def test_killed_between_the_renames(self, tmp_path):
        """The old one is aside: it is found there, and the next writer puts it back first."""
        path = tmp_path / "x.zarr"
        replace_folder(path, self.filled("old"))
        path.rename(tmp_path / ".x.zarr.old")
        assert (standing(path) / "content").read_text() == "old"
        with only_writer(path):
            assert (path / "content").read_text() == "old"
        assert names(tmp_path) == ["x.zarr"]

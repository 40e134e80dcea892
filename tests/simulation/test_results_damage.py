"""Results under kills, full disks, flipped bits and two writers: the old or the new ones, whole."""

import shutil
import subprocess
import sys
import textwrap

import conftest
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.array_files import write_arrays
from wetcow.files import only_writer

SUFFIXES = [".nc", ".zarr"]


# Writes results into folders that have older ones, killed before another call of the system each
# time; prints how many calls the writing takes. Neither JAX nor zarr has threads before the fork.
KILLED = """
    import os, pathlib, signal, sys
    import numpy as np, xarray as xr, h5netcdf, h5py, zarr
    from wetcow.simulation.files.containers import write_netcdf, write_zarr
    from wetcow.simulation.files.packing import Packed

    suffix, *folders = sys.argv[1:]
    new = xr.Dataset({"a": (("time", "mode"), np.full((8, 2), 2 + 1j))}, attrs={"system": "new"})

    def write(folder, last):
        calls = 0

        def counted(real):
            def call(*args, **kwargs):
                nonlocal calls
                calls += 1
                if calls == last:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return call

        for name in ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync"):
            setattr(os, name, counted(getattr(os, name)))
        (write_netcdf if suffix == ".nc" else write_zarr)(
            Packed(new), pathlib.Path(folder) / f"x{suffix}"
        )
        return calls

    total = None
    for number, folder in enumerate(folders):
        read, wrote = os.pipe()
        if not os.fork():
            # The first is not killed; the others, from the end, where old and new change places.
            calls = write(folder, total + 1 - number if total else 0)
            os.write(wrote, str(calls).encode())
            os._exit(0)
        os.close(wrote)
        os.wait()
        if total is None:
            total = int(os.read(read, 10))
    print(total)
"""


def run_python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


def older():
    variable = (("time", "mode"), np.full((8, 2), 1 - 1j))
    return xr.Dataset({"a": variable}, attrs={"system": "old"})


class TestKills:
    @pytest.mark.slow
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_old_or_new_after_a_kill(self, suffix, tmp_path):
        wc.save_run(older(), tmp_path / f"old{suffix}")
        folders = [tmp_path / str(number) for number in range(1 + (5 if suffix == ".nc" else 28))]
        for folder in folders:
            folder.mkdir()
            (shutil.copytree if suffix == ".zarr" else shutil.copy)(
                tmp_path / f"old{suffix}", folder / f"x{suffix}"
            )
        done = run_python(KILLED, suffix, *folders)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) >= len(folders) - 1, "each kill was at a call of its own"
        found = []
        for folder in folders:
            run = wc.load_run(folder / f"x{suffix}")
            found.append(run.attrs["system"])
            value = {"old": 1 - 1j, "new": 2 + 1j}[found[-1]]
            np.testing.assert_array_equal(run.a, np.full((8, 2), value))
            wc.save_run(older(), folder / f"x{suffix}")
            assert [one.name for one in folder.iterdir()] == [f"x{suffix}"]
            assert wc.load_run(folder / f"x{suffix}").identical(older())
        assert {"old", "new"} == set(found[1:]) if suffix == ".zarr" else "old" in found[1:]

    @pytest.mark.slow
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_full_disk(self, suffix, tmp_path):
        """An error, after which the process goes on; the old results stay."""
        path = tmp_path / f"x{suffix}"
        wc.save_run(older(), path)
        done = run_python(
            """
            import pathlib, resource, sys
            import numpy as np, xarray as xr
            from wetcow.simulation.files.containers import write_netcdf, write_zarr
            from wetcow.simulation.files.packing import Packed

            path = pathlib.Path(sys.argv[1])
            noise = np.random.default_rng(1).normal(size=(1000, 100))
            large = Packed(xr.Dataset({"a": (("time", "mode"), noise)}))
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            for again in range(3):
                try:
                    (write_netcdf if path.suffix == ".nc" else write_zarr)(large, path)
                except OSError as error:
                    print("refused")
            print("alive")
            """,
            path,
        )
        assert done.stdout.split() == ["refused"] * 3 + ["alive"], done.stderr
        assert done.returncode == 0, done.stderr
        assert wc.load_run(path).identical(older())
        assert [one.name for one in tmp_path.iterdir()] == [path.name]


class TestOtherFolders:
    def test_folder_of_the_user_is_kept(self, tmp_path):
        import zarr

        run = older()
        path = tmp_path / "work.zarr"
        path.mkdir()
        (path / "thesis.txt").write_text("years of work")
        with pytest.raises(FileExistsError, match="was not written by wetcow"):
            wc.save_run(run, path)
        assert (path / "thesis.txt").read_text() == "years of work"
        zarr.open_group(tmp_path / "other.zarr", mode="w", attributes={"title": "mine"})
        with pytest.raises(FileExistsError, match="was not written by wetcow"):
            wc.save_run(run, tmp_path / "other.zarr")
        wc.save_run(run, tmp_path / "ours.zarr")
        (tmp_path / "ours.zarr/notes.txt").write_text("of the user")
        with pytest.raises(FileExistsError, match=r"holds notes\.txt"):
            wc.save_run(run, tmp_path / "ours.zarr")
        (tmp_path / "file.zarr").write_text("a file")
        with pytest.raises(FileExistsError, match="not a folder"):
            wc.save_run(run, tmp_path / "file.zarr")
        (tmp_path / "folder.nc").mkdir()
        with pytest.raises(IsADirectoryError, match="is a folder"):
            wc.save_run(run, tmp_path / "folder.nc")

    def test_two_writers_at_once(self, tmp_path):
        path = tmp_path / "x.zarr"
        with only_writer(path):
            with pytest.raises(BlockingIOError, match="being written by another process"):
                wc.save_run(older(), path)
            with pytest.raises(BlockingIOError, match="being written by another process"):
                wc.simulate(wc.Mode(gamma=1.0), t1=1.0, num_samples=11, path=path)
        wc.save_run(older(), path)
        assert wc.load_run(path).identical(older())


class TestDamage:
    """What is read is what was written, or an error."""

    @pytest.fixture
    def run(self):
        rng = np.random.default_rng(3)
        values = rng.normal(size=(40, 3)) + 1j * rng.normal(size=(40, 3))
        coords = {"time": np.linspace(0, 1, 40), "region": ("mode", ["one", "two", "three"])}
        attrs = {"system": "Mode", "gamma": 1.9, "coupling_r": rng.normal(size=(3, 3))}
        return xr.Dataset({"a": (("time", "mode"), values)}, coords=coords, attrs=attrs)

    def check(self, path, run):
        """Return whether it is an error, and otherwise what was written."""
        try:
            found = wc.load_run(path)
        except ValueError as error:
            assert str(path) in str(error)
            return True
        xr.testing.assert_identical(found, run)
        return False

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_flipped_bits(self, suffix, run, tmp_path):
        path = tmp_path / f"x{suffix}"
        wc.save_run(run, path)
        inside = [one for one in [path, *path.rglob("*")] if one.is_file()]
        rng = np.random.default_rng(1)
        errors = 0
        for number in range(60):
            file = inside[number % len(inside)]
            whole = file.read_bytes()
            damaged = bytearray(whole)
            damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
            file.write_bytes(damaged)
            errors += self.check(path, run)
            file.write_bytes(whole)
        assert errors > 20
        xr.testing.assert_identical(wc.load_run(path), run)

    def test_checksums_for_other_programs(self, run, tmp_path):
        import h5py
        import zarr

        wc.save_run(run, tmp_path / "x.nc")
        with h5py.File(tmp_path / "x.nc") as file:
            assert all(file[name].fletcher32 for name in ("a_real", "a_imag", "time"))
        wc.save_run(run, tmp_path / "x.zarr")
        for name, array in zarr.open_group(tmp_path / "x.zarr", mode="r").arrays():
            assert "Crc32cCodec" in str(array.compressors), name

    @pytest.mark.slow
    def test_missing_chunk(self, tmp_path):
        """Of a finished run; all chunks are there, even those of NaN alone."""
        path = tmp_path / "x.zarr"
        run = wc.simulate(wc.Mode(gamma=1.0), t1=1.0, num_samples=301, path=path)
        wc.save_run(xr.full_like(run, np.nan), tmp_path / "nan.zarr")
        assert np.isnan(wc.load_run(tmp_path / "nan.zarr").a).all()
        next(one for one in (path / "a_real/c").rglob("*") if one.is_file()).unlink()
        for lazy in (False, True):
            with pytest.raises(ValueError, match="1 of 2 chunks of a_real are missing"):
                wc.load_run(path, lazy=lazy)

    def test_replaced_while_open(self, run, tmp_path):
        path = tmp_path / "x.zarr"
        wc.save_run(run, path)
        opened, used = (wc.load_run(path, lazy=True) for _ in range(2))
        used.load()
        wc.save_run(used + 1, path)
        with pytest.raises(ValueError, match="was replaced or removed"):
            opened.load()
        xr.testing.assert_identical(used, run)
        part = wc.load_run(path, lazy=True).isel(time=slice(5))
        wc.save_run(part, path)  # reads the old one while the new one is made
        assert wc.load_run(path).sizes["time"] == 5

    @pytest.mark.slow
    def test_checkpoint(self, tmp_path, monkeypatch):
        """A damaged one says which file and what to do; --restart does it."""
        from wetcow.simulation import chunks
        from wetcow.simulation.files import store
        from wetcow.simulation.files.checkpoint import CHECKPOINT, CheckpointError

        monkeypatch.setattr(chunks, "LONGEST_CHUNK", 32)
        path = tmp_path / "x.zarr"
        settings = {"t1": 1.0, "num_samples": 97, "path": path}
        with conftest.interrupted(monkeypatch, store.ZarrStore, "finish", 1):
            wc.simulate(wc.Mode(gamma=1.0), **settings)
        checkpoint = path / CHECKPOINT
        whole = checkpoint.read_bytes()
        rng = np.random.default_rng(0)
        refused = 0
        kept = wc.simulate(wc.Mode(gamma=1.0), t1=1.0, num_samples=97)
        for _ in range(15):
            damaged = bytearray(whole)
            damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
            cut = rng.random() < 0.3
            checkpoint.write_bytes(whole[: rng.integers(len(whole))] if cut else damaged)
            shutil.copytree(path, tmp_path / "again.zarr")
            try:
                again = settings | {"path": tmp_path / "again.zarr"}
                found = wc.simulate(wc.Mode(gamma=1.0), **again)
            except CheckpointError as error:
                assert "wetcow-checkpoint.npz" in str(error)
                assert "--restart" in str(error)
                refused += 1
            else:
                xr.testing.assert_identical(found, kept)
            shutil.rmtree(tmp_path / "again.zarr")
        assert refused > 5
        write_arrays(checkpoint, {"samples_done": np.asarray(32), "leaf_0": np.zeros(1)})
        with pytest.raises(CheckpointError, match=r"earlier version.*--restart"):
            wc.simulate(wc.Mode(gamma=1.0), **settings)
        checkpoint.write_bytes(b"nothing")
        store.discard_run(path)
        xr.testing.assert_identical(wc.simulate(wc.Mode(gamma=1.0), **settings), kept)
        (tmp_path / "mine.zarr").mkdir()
        with pytest.raises(FileExistsError, match="not written by wetcow"):
            store.discard_run(tmp_path / "mine.zarr")


class TestDamagedRun:
    """`--restart` goes on without it, and keeps it."""

    @pytest.fixture
    def damaged(self, tmp_path):
        """Makes a finished run and damages it."""
        path = tmp_path / "x.zarr"
        wc.simulate(wc.Mode(gamma=1.0), t1=1.0, num_samples=3, path=path)

        def damage(how):
            how(path)
            return path

        return damage

    @pytest.mark.parametrize(
        "how",
        [
            lambda path: (path / "zarr.json").write_text("x\n"),
            lambda path: (path / "zarr.json").write_text(""),
            lambda path: (path / "zarr.json").unlink(),
            lambda path: (path / "time" / "zarr.json").unlink(),
            lambda path: shutil.rmtree(path / "time"),
        ],
    )
    def test_is_renamed_or_replaced(self, damaged, how):
        from wetcow.simulation.files.store import discard_run

        path = damaged(how)
        left = sorted(str(one.relative_to(path)) for one in path.rglob("*"))
        aside = discard_run(path)
        assert not path.exists()
        if aside is not None:  # else its description is whole, and it is deleted as it was
            assert aside.name == "x.zarr.old"
            assert sorted(str(one.relative_to(aside)) for one in aside.rglob("*")) == left

    def test_names_are_not_taken_twice(self, damaged):
        from wetcow.simulation.files.store import discard_run

        def write(path):
            (path / "zarr.json").write_text("x")

        path = damaged(write)
        (path.parent / "x.zarr.old").mkdir()
        found = discard_run(path)
        assert found is not None
        assert found.name == "x.zarr.old2"
        assert discard_run(path) is None

    @pytest.mark.parametrize(
        "how",
        [
            lambda path: (path / "notes.txt").write_text("mine"),
            lambda path: (path / "mode" / "notes.txt").write_text("mine"),
            lambda path: shutil.rmtree(path / "mode") or shutil.rmtree(path / "a_real"),
        ],
    )
    def test_what_may_be_the_users_is_never_moved(self, damaged, how):
        from wetcow.simulation.files.store import discard_run

        path = damaged(lambda path: (path / "zarr.json").write_text("x"))
        how(path)
        with pytest.raises(FileExistsError, match="not replaced"):
            discard_run(path)
        assert path.exists()

    def test_store_of_another_program(self, tmp_path):
        from wetcow.simulation.files.store import discard_run

        path = tmp_path / "x.zarr"
        xr.Dataset({"mode": ("mode", [1.0])}).to_zarr(path, zarr_format=3, consolidated=False)
        with pytest.raises(FileExistsError, match="not written by wetcow"):
            discard_run(path)
        assert path.exists()

import gzip
import hashlib
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from wetcow import datasets, idx_files

# The real files, where there are any: tests that need them exist only then.
DATA = Path(
    os.environ.get("WETCOW_DATA_DIR") or Path(__file__).parents[2] / "shared" / "data"
).expanduser()
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()


def packed(content):
    return gzip.compress(content, mtime=0)


@pytest.fixture
def small(rng, monkeypatch):
    """Twelve random images under the name of each data set; return the unpacked files by key."""
    contents = {}
    for name in ("mnist", "fashion-mnist"):
        contents[f"{name}/{IMAGES}"] = idx(rng.integers(0, 256, (12, 28, 28)))
        contents[f"{name}/{LABELS}"] = idx(rng.integers(0, 10, 12))
    table = {key: (len(c), hashlib.sha256(c).hexdigest()) for key, c in contents.items()}
    monkeypatch.setattr(idx_files, "FILES", table)
    monkeypatch.delenv("WETCOW_DATA_DIR", raising=False)
    return contents


@pytest.fixture
def folder(small, tmp_path):
    """A data_dir with the small files, MNIST as gzip, Fashion-MNIST unpacked."""
    for key, content in small.items():
        gzipped = key.startswith("mnist")
        path = tmp_path / "data" / (f"{key}.gz" if gzipped else key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(content) if gzipped else content)
    return tmp_path / "data"


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache" / "wetcow"


class Mirror:
    """A web server on this machine; `files` maps paths to bodies, `requests` lists what came."""

    def __init__(self):
        self.files, self.requests, self.cut, self.headers = {}, [], 0, {}
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.requests.append(self.path)
                body = mirror.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                for header in mirror.headers.items():
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(body[: len(body) - mirror.cut])

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def mirrors(small, cache, monkeypatch):
    """Two good mirrors of the small MNIST, to be spoiled by the tests."""
    both = Mirror(), Mirror()
    for mirror in both:
        mirror.files = {f"/{file}.gz": packed(small[f"mnist/{file}"]) for file in (IMAGES, LABELS)}
    table = {"mnist": tuple(mirror.url for mirror in both)}
    monkeypatch.setattr(idx_files, "MIRRORS", table)
    yield both
    for mirror in both:
        mirror.close()


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def check_small_mnist(small, images, labels):
    assert images.dtype == np.float32 and labels.dtype == np.int64
    pixels = np.frombuffer(small[f"mnist/{IMAGES}"], np.uint8, offset=16).reshape(12, 28, 28)
    np.testing.assert_array_equal(images, pixels / np.float32(255))
    np.testing.assert_array_equal(
        labels, np.frombuffer(small[f"mnist/{LABELS}"], np.uint8, offset=8)
    )


REAL = {
    "mnist": ([5, 0, 4, 1, 9], [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    "fashion-mnist": ([9, 0, 0, 3, 0], [1000] * 10),
}
PRESENT = [name for name in REAL if (DATA / name).is_dir()]

if PRESENT:

    @pytest.mark.parametrize("name", PRESENT)
    def test_the_real_files(name):
        first_labels, test_counts = REAL[name]
        images, labels = datasets.load(name, data_dir=DATA)
        test_images, test_labels = datasets.load(name, split="test", flat=True, data_dir=str(DATA))
        assert images.shape == (60_000, 28, 28) and test_images.shape == (10_000, 784)
        assert images.dtype == np.float32 and images.min() == 0 and images.max() == 1
        assert labels.dtype == np.int64 and labels.shape == (60_000,)
        np.testing.assert_array_equal(labels[:5], first_labels)
        np.testing.assert_array_equal(np.bincount(test_labels), test_counts)


def spoil_bit(content):
    return packed(content[:-1] + bytes((content[-1] ^ 1,)))


def lose(mirror, small):
    del mirror.files[f"/{IMAGES}.gz"]


def corrupt(mirror, small):
    mirror.files[f"/{IMAGES}.gz"] = spoil_bit(small[f"mnist/{IMAGES}"])


def swap(mirror, small):
    mirror.files[f"/{IMAGES}.gz"] = packed(small[f"fashion-mnist/{IMAGES}"])


def interrupt(mirror, small):
    mirror.cut = 100


FAULTS = {
    lose: "404",
    corrupt: "found 9,424 unpacked bytes",
    swap: f"which is fashion-mnist/{IMAGES}",
    interrupt: "IncompleteRead",
}


# Known answers


def test_digits_are_all_there_once_and_stratified():
    train, train_labels = datasets.load("digits")
    test, test_labels = datasets.load("digits", split="test")
    assert train.shape == (1347, 8, 8) and test.shape == (450, 8, 8)
    assert train.dtype == np.float32 and train.min() == 0 and train.max() == 1
    shares = np.bincount(test_labels) / len(test_labels)
    np.testing.assert_allclose(shares, np.bincount(train_labels) / len(train_labels), atol=0.002)

    def sorted_rows(rows):
        return rows[np.lexsort(rows.T)]

    rows = np.concatenate([train, test]).reshape(-1, 64)
    labels = np.concatenate([train_labels, test_labels])
    images, targets = load_digits(return_X_y=True)
    np.testing.assert_array_equal(
        sorted_rows(np.column_stack([rows * 16, labels])),
        sorted_rows(np.column_stack([images, targets])),
    )


def test_every_file_has_a_size_a_hash_and_two_mirrors():
    sizes = {"train-images": 47_040_016, "train-labels": 60_008}
    sizes |= {"t10k-images": 7_840_016, "t10k-labels": 10_008}
    assert len(idx_files.FILES) == 8
    assert len({digest for _, digest in idx_files.FILES.values()}) == 8
    for key, (size, digest) in idx_files.FILES.items():
        name, file = key.split("/")
        assert size == sizes[file.split("-idx")[0]]
        assert len(bytes.fromhex(digest)) == 32
        assert len(set(idx_files.MIRRORS[name])) >= 2
        assert all(mirror.endswith("/") for mirror in idx_files.MIRRORS[name])


def test_download_once(small, mirrors, cache):
    for _ in range(2):
        check_small_mnist(small, *datasets.load("mnist"))
    assert mirrors[0].requests == [f"/{IMAGES}.gz", f"/{LABELS}.gz"]
    assert not mirrors[1].requests
    assert files_in(cache) == files_in(cache / "mnist") == [f"{IMAGES}.gz", f"{LABELS}.gz"]


def test_server_that_unpacks_what_it_sends(small, mirrors):
    mirrors[0].headers = {"Content-Encoding": "gzip"}
    check_small_mnist(small, *datasets.load("mnist"))
    assert not mirrors[1].requests


@pytest.mark.parametrize("fault", FAULTS)
def test_second_mirror_takes_over(fault, small, mirrors):
    fault(mirrors[0], small)
    check_small_mnist(small, *datasets.load("mnist"))
    assert f"/{IMAGES}.gz" in mirrors[1].requests


@pytest.mark.parametrize("fault", FAULTS)
def test_all_mirrors_fail(fault, small, mirrors, cache):
    for mirror in mirrors:
        fault(mirror, small)
    with pytest.raises(OSError, match=f"could not download mnist/{IMAGES}:\n") as raised:
        datasets.load("mnist")
    lines = str(raised.value).splitlines()
    for mirror, line in zip(mirrors, lines[1:3], strict=True):
        assert line.startswith(f"  {mirror.url}{IMAGES}.gz: ") and FAULTS[fault] in line
    assert "WETCOW_DATA_DIR" in lines[3] and "--data-dir" in lines[3]
    assert files_in(cache) == []


@pytest.mark.slow
def test_import_is_without_pooch():
    code = "import sys; from wetcow import datasets; datasets.load('digits')\n"
    code += "assert 'pooch' not in sys.modules and 'requests' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# Properties


def test_flat_is_the_same_images_as_rows():
    images, labels = datasets.load("digits", split="test")
    rows, same = datasets.load("digits", split="test", flat=True)
    np.testing.assert_array_equal(rows, images.reshape(450, 64))
    np.testing.assert_array_equal(labels, same)


# Errors


def test_unknown_names_raise():
    with pytest.raises(ValueError, match=r"no data set 'nonsense'.*'digits'"):
        datasets.load("nonsense")
    with pytest.raises(ValueError, match=r"split must be one of.*'validation'"):
        datasets.load("digits", split="validation")


def test_folder_from_argument_or_environment(small, folder, monkeypatch):
    check_small_mnist(small, *datasets.load("mnist", data_dir=folder))
    monkeypatch.setenv("WETCOW_DATA_DIR", str(folder))
    check_small_mnist(small, *datasets.load("mnist"))
    rows, _ = datasets.load("fashion-mnist", flat=True)
    assert rows.shape == (12, 784)
    with pytest.raises(FileNotFoundError, match="elsewhere"):  # the argument comes first
        datasets.load("mnist", data_dir=folder / "elsewhere")


def test_file_missing_from_the_folder_is_not_downloaded(folder, mirrors):
    (folder / "mnist" / f"{LABELS}.gz").unlink()
    with pytest.raises(FileNotFoundError) as raised:
        datasets.load("mnist", data_dir=folder)
    for tried in (folder / "mnist" / LABELS, folder / "mnist" / f"{LABELS}.gz"):
        assert str(tried) in str(raised.value)
    assert not mirrors[0].requests and not mirrors[1].requests


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (spoil_bit, r"found 9,424 unpacked bytes with SHA-256 [0-9a-f]{12}…; "),
        (lambda content: content[:-10], "found 9,414 unpacked bytes"),
        (lambda content: packed(content)[:-10], r"damaged gzip file of [\d,]+ bytes \(.*ended"),
        (lambda content: packed(content)[:5], "damaged gzip file of 5 bytes"),
        (lambda content: packed(content)[:99] + b"?" + packed(content)[100:], "damaged gzip file"),
        (lambda content: b"<html>sign in</html>", "found 20 unpacked bytes"),
        (lambda content: b"", "found 0 unpacked bytes"),
        (lambda content: packed(bytes(2**24)), "found more than 9,424 unpacked bytes"),
        (lambda content: bytes(2**24), "found more than 9,424 unpacked bytes"),
    ],
    ids=[
        "bit",
        "short",
        "gzip cut",
        "gzip start",
        "gzip byte",
        "web page",
        "empty",
        "bomb",
        "large",
    ],
)
def test_spoiled_file_is_refused(small, folder, spoil, found):
    key = f"mnist/{IMAGES}"
    path = folder / f"{key}.gz"
    path.write_bytes(spoil(small[key]))
    with pytest.raises(ValueError, match=found) as raised:
        datasets.load("mnist", data_dir=folder)
    digest = hashlib.sha256(small[key]).hexdigest()
    assert str(raised.value).startswith(f"{path}: ")
    assert f"expected {key}, 9,424 bytes with SHA-256 {digest[:12]}" in str(raised.value)
    assert path.exists()  # the user's own file is left alone


def test_file_of_the_other_data_set_is_refused(small, folder):
    path = folder / "mnist" / f"{IMAGES}.gz"
    path.write_bytes(packed(small[f"fashion-mnist/{IMAGES}"]))
    with pytest.raises(ValueError, match=f"which is fashion-mnist/{IMAGES}; expected mnist/"):
        datasets.load("mnist", data_dir=folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00\x00", "begins with '00 00'"),
        (idx(np.zeros(5)), "begins with '00 00 08 01'"),
        (b"\x00\x00\x0d" + idx(np.zeros((1, 2, 2)))[3:], "begins with '00 00 0d 03'"),
        (idx(np.zeros((1, 2, 2)))[:-1], r"shape \(1, 2, 2\) has 20 bytes, got 19"),
        (idx(np.zeros((1, 2, 2))) + b"\x00", "has 20 bytes, got 21"),
    ],
)
def test_what_is_not_idx_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        idx_files.parse_idx(content, 3)


def test_nobody_answers(mirrors, cache):
    for mirror in mirrors:
        mirror.close()
    with pytest.raises(OSError, match=r"(?s)could not download.*refused.*refused.*--data-dir"):
        datasets.load("mnist")
    assert files_in(cache) == []


def test_ctrl_c_leaves_nothing(mirrors, cache, monkeypatch):
    def interrupted(self, url, output_file, pooch):
        Path(output_file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        datasets.load("mnist")
    assert files_in(cache) == []


def test_spoiled_cache_is_downloaded_again(small, mirrors, cache):
    datasets.load("mnist")
    path = cache / "mnist" / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:50])
    check_small_mnist(small, *datasets.load("mnist"))
    path.write_bytes(path.read_bytes()[:50])
    for mirror in mirrors:
        mirror.files.clear()
    with pytest.raises(OSError, match=r"gz \(removed\): damaged gzip file of 50 bytes"):
        datasets.load("mnist")
    assert not path.exists()

"""Which form a file has, by its content; its suffix says only what it was meant to be."""

from __future__ import annotations

import zipfile
from pathlib import Path

from wetcow.networks.connectome import cifti
from wetcow.networks.connectome.preparation import ConnectomeError

HEAD = 2048  # bytes that are looked at
HDF5 = b"\x89HDF\r\n\x1a\n"
NUMPY = b"\x93NUMPY"
PACKED = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ": ".xz", b"7z\xbc\xaf": ".7z"}
# What files with these suffixes are, by their names.
MEANT = {
    ".zip": ("zip", "zip of The Virtual Brain"),
    ".npz": ("npz", "NumPy archive"),
    ".npy": ("npy", "numeric array"),
    ".mat": ("mat", "MATLAB file of version 5 or later"),
    ".h5": ("hdf5", "HDF5 file"),
    ".hdf5": ("hdf5", "HDF5 file"),
    ".nc": ("hdf5", "netCDF-4 file"),
    ".nii": ("cifti", "CIFTI file"),
    ".graphml": ("graphml", "GraphML file"),
}
TEXTS = (".csv", ".tsv", ".txt", ".edge", ".edgelist", ".dat", "")
READABLE = (
    "a connectome is a .zip (The Virtual Brain), .graphml, .mat, .h5, .npz, .npy, .pconn.nii, or "
    "a matrix or list of links in .csv, .tsv or .txt"
)


def form_of(path: Path) -> str:
    """Form of a file: "zip", "npz", "npy", "mat", "hdf5", "cifti", "graphml" or "text".

    Raises
    ------
    ConnectomeError
        For forms that are not read, and files that are not what their suffix says.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = _recognised(path, head)
    suffix = path.suffix.lower()
    if found is None and suffix in MEANT:
        raise ConnectomeError(
            f"{path} is damaged or no {MEANT[suffix][1]}: it does not begin like one"
        )
    if found is None and suffix not in TEXTS:
        raise ConnectomeError(f"{READABLE}; got {path.name!r}")
    return found or "text"


def _recognised(path: Path, head: bytes) -> str | None:
    """Form of what begins with `head`; None for what may be text."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(path)
    if head.startswith(NUMPY):
        return "npy"
    if any(head[at : at + 8] == HDF5 for at in (0, 512, 1024)):
        return "hdf5"
    if head.startswith(b"MATLAB") or (
        path.suffix.lower() == ".mat" and head[126:128] in (b"IM", b"MI")
    ):
        return "mat"
    if head[4:12] == cifti.MAGIC:
        return "cifti"
    if head[344:348] in (b"n+1\0", b"ni1\0"):
        raise ConnectomeError(
            f"{path} is an image of voxels, no connectome: one is made of it and tracts by a "
            "tractography program"
        )
    for magic, packed in PACKED.items():
        if head.startswith(magic):
            raise ConnectomeError(f"{path} is packed as {packed}: unpack it first")
    if b"<graphml" in head or (path.suffix.lower() == ".graphml" and b"<" in head):
        return "graphml"
    return None


def _archive(path: Path) -> str:
    """Whether a zip is NumPy's or The Virtual Brain's; spreadsheets are zips too."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise ConnectomeError(f"{path} is a spreadsheet: save its table as .csv")
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"

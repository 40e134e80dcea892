"""Examples of each command, shown at the end of its help."""

from __future__ import annotations

EXAMPLES = {
    "demo": ("wetcow demo", "wetcow demo --out report --json -"),
    "reproduce": ("wetcow reproduce fig1 figS --out report", "wetcow reproduce all --quick"),
    "simulate": (
        "wetcow simulate examples/one_mode.toml --plot mode.png",
        "wetcow simulate examples/memory.toml --out run.zarr --json run.json",
    ),
    "learn": (
        "wetcow learn digits",
        "wetcow learn mnist --save digits.wetcow",
        "wetcow learn fashion-mnist --budget minute --train-minutes 10 --resume state.npz",
    ),
    "predict": (
        "wetcow predict digits.wetcow photo.png",
        "wetcow predict digits.wetcow one.png two.png --no-crop --json -",
    ),
    "card": ("wetcow card digits.wetcow", "wetcow card digits.wetcow --json -"),
    "export": ("wetcow export digits.wetcow --onnx digits.onnx",),
    "tissue": (
        "wetcow tissue dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec --mask brain.nii.gz",
        "wetcow tissue dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -k 300 --out maps",
    ),
    "bench": ("wetcow bench --quick", "wetcow bench growth peers --json speed.json"),
    "explore": (
        "wetcow explore",
        "wetcow explore --model digits.wetcow --port 8000 --no-show",
    ),
    "doctor": ("wetcow doctor", "wetcow doctor --json doctor.json"),
}


def epilog(command: str) -> str:
    """Text after the help of a command, in Typer's markup: a blank line ends a line."""
    return "\n\n".join(("Examples:", *(f"[dim]  $ {line}[/dim]" for line in EXAMPLES[command])))

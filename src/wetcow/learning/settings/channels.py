"""What parameters can be with images that have channels."""

from __future__ import annotations

from typing import Any

from wetcow.learning.model.geometry import sides_and_channels
from wetcow.learning.settings.checks import is_auto


def check_channels(classifier: Any, image: tuple[int, ...] | None) -> None:
    """Raise for parameters that images with channels know nothing of, before work starts."""
    if image is None or len(image) < 3:
        return
    (height, width), channels = sides_and_channels(image)
    what = f"images of {height}×{width} pixels with {channels} channels"
    if not (classifier.frame is None or is_auto(classifier.frame)):
        raise ValueError(
            f"frame={classifier.frame!r} is for grey images, but X has {what}: leave frame at "
            "'auto' or None, or give grey images"
        )
    if classifier.couplings == "innate":
        raise ValueError(
            "couplings='innate' are those of grey photographs, which know no channels, but X has "
            f"{what}: leave couplings at None or 'sampled', or give grey images"
        )

"""Make src/wetcow/learning/model/photographs.npz, from which innate hidden modes are made.

    python tools/innate.py [--check]

The two photographs are scikit-learn's sample images, made grey and half as large in whole numbers,
so that the same bytes come out wherever their JPEG files are decoded alike. With --check nothing is
written; the shipped ones are compared.
"""

import io
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_sample_images

from wetcow.files import write_whole
from wetcow.learning.model import photographs

TARGET = pathlib.Path(__file__).parents[1] / "src/wetcow/learning/model/photographs.npz"
ATTRIBUTION = """\
Two photographs, converted to grey and reduced to half their size; CC BY 2.0
(https://creativecommons.org/licenses/by/2.0/). They are the sample images of scikit-learn:
china.jpg, some rights reserved by danielbuechele,
https://www.flickr.com/photos/danielbuechele/6061409035/;
flower.jpg, some rights reserved by vultilion (so its address; scikit-learn says danielbuechele),
https://www.flickr.com/photos/vultilion/6056698931/."""
_LUMA = (299, 587, 114)  # thousandths of red, green and blue, ITU-R BT.601


def grey(image: np.ndarray) -> np.ndarray:
    """Brightness of an image, uint8 (height, width, 3) → (height, width)."""
    return ((image @ np.array(_LUMA) + 500) // 1000).astype(np.uint8)


def content() -> bytes:
    """Bytes of the file."""
    images = [photographs.reduced(grey(image)) for image in load_sample_images().images]
    file = io.BytesIO()
    # Not compressed: what compression makes depends on the version of the library.
    np.savez(file, photographs=np.stack(images), attribution=np.array(ATTRIBUTION))
    return file.getvalue()


def main() -> None:
    """Write the file, or compare with --check."""
    made = content()
    if "--check" not in sys.argv:
        write_whole(TARGET, made)
    elif made != TARGET.read_bytes():
        sys.exit(f"{TARGET} is not what this script makes here")
    print(f"{TARGET}: {len(made):,} bytes")


if __name__ == "__main__":
    main()

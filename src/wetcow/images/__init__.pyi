"""The public names of wetcow.images."""

from . import (
    augmentation as augmentation,
    background as background,
    colours as colours,
    frame as frame,
    pictures as pictures,
)
from .augmentation import (
    Augmentation as Augmentation,
    augment as augment,
)
from .background import without_background as without_background
from .frame import (
    Frame as Frame,
    align as align,
)
from .pictures import (
    PictureError as PictureError,
    read_picture as read_picture,
)

"""Pictures of all kinds of the same ink become the same image."""

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image, ImageDraw

from wetcow.images.pictures import PictureError, read_picture

SHAPE = (28, 28)


def ink(height=120, width=90, top=30, left=20):
    """A 7 of 60 × 40 pixels, float (height, width): 1 on 0."""
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, top, left + 39, top + 7), fill=255)
    corners = (32, 0), (39, 0), (19, 59), (9, 59)
    draw.polygon([(left + right, top + down) for right, down in corners], fill=255)
    return np.asarray(image) / 255


def grey(drawn, *, paper=1.0, pen=0.0, largest=255, dtype=np.uint8):
    return np.round((paper + (pen - paper) * drawn) * largest).astype(dtype)


@pytest.fixture
def read(tmp_path):
    """Save an image or an array and read it."""

    def run(image, shape=SHAPE, name="picture.png", save=None, **options):
        image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
        image.save(tmp_path / name, **(save or {}))
        return read_picture(tmp_path / name, shape, **options)

    return run


@pytest.fixture
def wanted(read):
    return read(grey(ink()), name="wanted.png")


def close(image, wanted, atol=0.02):
    np.testing.assert_allclose(image, wanted, atol=atol)


# Known answers


@pytest.mark.parametrize("levels", [(0.0, 1.0), (0.1, 0.6), (0.9, 0.2), (0.55, 0.45)])
def test_polarity_and_contrast_do_not_matter(read, wanted, levels):
    close(read(grey(ink(), paper=levels[0], pen=levels[1])), wanted, atol=0.06)


@pytest.mark.parametrize("page", [(60, 40, 0, 0), (600, 300, 500, 20), (61, 200, 1, 160)])
def test_place_and_size_of_the_page_do_not_matter(read, wanted, page):
    height, width, top, left = page
    drawn = ink(height + 10, width + 10, top + 5, left + 5)  # the border must be background
    close(read(grey(drawn)), wanted)


def test_scale_does_not_matter(read, wanted):
    large = np.kron(ink(), np.ones((7, 7)))
    close(read(grey(large)), wanted, atol=0.15)
    assert np.mean(np.abs(read(grey(large)) - wanted)) < 0.01


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "YCbCr"])
def test_modes(read, wanted, mode):
    drawn = Image.fromarray(grey(ink()))
    if mode == "I;16":
        drawn = Image.fromarray(grey(ink(), largest=65535, dtype=np.uint16))
    else:
        drawn = drawn.convert(mode)
    assert drawn.mode == mode
    name = "picture.jpg" if mode in ("CMYK", "YCbCr") else "picture.png"
    save = {"quality": 100, "subsampling": 0} if name.endswith("jpg") else {}
    close(read(drawn, name=name, save=save), wanted, atol=0.04)


def test_transparent_is_white(read, wanted):
    alpha = (ink() * 255).astype(np.uint8)
    pixels = np.zeros((*alpha.shape, 4), np.uint8)  # black, where transparent as well
    pixels[..., 3] = alpha
    close(read(pixels), wanted)
    pixels[..., :3] = 255  # white on transparent: not to be seen on white
    close(read(pixels), wanted)


def test_transparent_colour_of_a_palette_and_of_16_bits(read, wanted):
    palette = Image.fromarray(ink().astype(np.uint8), "L").convert("P")
    palette.putpalette([0, 0, 0, 0, 0, 0])
    close(read(palette, save={"transparency": 0}), wanted)
    wide = Image.fromarray((ink() * 500).astype(np.uint16))
    close(read(wide, save={"transparency": 0}), wanted)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(read, wanted, orientation):
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # to be turned by 270° when shown
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(grey(ink()))
    if orientation > 1:
        image = image.transpose(turned[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    save = {"exif": exif, "quality": 100}
    close(read(image, name="picture.jpg", save=save), wanted, atol=0.04)


def test_noise_dust_and_uneven_light_do_not_matter(read, wanted, rng):
    drawn = ink(300, 300, 120, 150)
    page = 0.75 + 0.1 * np.linspace(-1, 1, 300) * np.ones((300, 1)) - 0.6 * drawn
    page += rng.normal(scale=0.01, size=page.shape)
    page[20:22, 20:22] = page[290, 5:8] = 0.1
    image = read(np.round(page.clip(0, 1) * 255).astype(np.uint8))
    assert np.mean(np.abs(image - wanted)) < 0.03


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (20, 40), (40, 20)])
def test_ink_keeps_its_proportions(read, shape):
    image = read(grey(ink()), shape)
    assert image.shape == shape
    extent = [np.count_nonzero(image.max(axis) > 0.3) for axis in (1, 0)]
    scale = min(shape[0] / 60, shape[1] / 40) * 20 / 28
    np.testing.assert_allclose(extent, [60 * scale, 40 * scale], atol=1.6)


def test_wide_ink_stays_in_the_image(read):
    dash = np.zeros((50, 200))
    dash[20:30, 10:190] = 1
    image = read(grey(dash))
    assert np.count_nonzero(image.max(0) > 0.3) == 20
    lopsided = np.zeros((120, 120))
    lopsided[100:104, 10:110] = 1
    lopsided[20:104, 10:14] = 1
    image = read(grey(lopsided), fill=0.99)
    assert np.count_nonzero(image.max(0) > 0.3) == 28
    rows = np.flatnonzero(image[:, 0] > 0.3)  # 84 of 100 pixels, moved away from the middle
    assert rows.size in (23, 24) and rows[0] == 0


def test_image_of_mnist_size_is_hardly_changed(read, wanted):
    again = read(grey(wanted, paper=0, pen=1))
    assert np.mean(np.abs(again - wanted)) < 0.02


def test_whole_picture(read):
    drawn = np.zeros((8, 8))
    drawn[1:7, 4] = [1, 0.5, 0.25, 1, 1, 1]
    close(read(grey(drawn), (8, 8), crop=False), drawn, atol=0.005)
    close(read(grey(np.kron(drawn, np.ones((20, 30)))), (8, 8), crop=False), drawn, atol=0.1)


# An independent integrator or library


def test_ink_is_as_in_mnist(wanted):
    assert wanted.shape == SHAPE and wanted.dtype == np.float32
    assert wanted.min() == 0 and wanted.max() == 1
    rows, columns = np.flatnonzero(wanted.max(1) > 0.25), np.flatnonzero(wanted.max(0) > 0.25)
    assert 19 <= np.ptp(rows) + 1 <= 21 and 12 <= np.ptp(columns) + 1 <= 15
    np.testing.assert_allclose(scipy.ndimage.center_of_mass(wanted), (13.5, 13.5), atol=0.3)


def test_sixteen_bits_are_kept(read):
    """Ink of 2 % contrast, which eight bits would leave with five levels."""
    ramp = scipy.ndimage.gaussian_filter(ink(), 6)
    fine = read(grey(ramp, paper=0.5, pen=0.45, largest=65535, dtype=np.uint16))
    assert len(np.unique(fine[fine > 0])) > 100
    close(fine, read(grey(ramp)), atol=0.02)


# Limits


def test_small_digit_on_a_large_page(read, wanted):
    assert np.mean(np.abs(read(grey(ink(3000, 2000, 2000, 300))) - wanted)) < 0.001


# Errors


@pytest.mark.parametrize("crop", [True, False])
@pytest.mark.parametrize("kind", ["white", "black", "noise", "transparent", "pixel"])
def test_nothing_in_the_picture(read, rng, kind, crop):
    page = {
        "white": np.full((50, 40), 255, np.uint8),
        "black": np.zeros((50, 40), np.uint8),
        "noise": rng.normal(200, 5, (500, 400)).astype(np.uint8),
        "transparent": np.zeros((50, 40, 4), np.uint8),
        "pixel": np.zeros((1, 1), np.uint8),
    }[kind]
    with pytest.raises(PictureError, match=r"picture\.png: nothing in the picture"):
        read(page, crop=crop)


def test_files_that_are_no_pictures(tmp_path, read):
    read(grey(ink()))
    whole = (tmp_path / "picture.png").read_bytes()
    for name, content, said in [
        ("text.png", b"hello", "no picture"),
        ("empty.png", b"", "no picture"),
        ("cut.png", whole[: len(whole) // 2], "damaged"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(PictureError, match=rf"{name} is {said}"):
            read_picture(tmp_path / name, SHAPE)
    with pytest.raises(PictureError, match="is a folder"):
        read_picture(tmp_path, SHAPE)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "missing.png", SHAPE)


def test_too_large_a_picture(read, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PictureError, match="too large"):
        read(grey(ink()))


@pytest.mark.parametrize("shape, fill", [((0, 28), 0.7), ((28,), 0.7), (SHAPE, 0), (SHAPE, 1.1)])
def test_arguments(tmp_path, shape, fill):
    with pytest.raises(ValueError, match="must be"):
        read_picture(tmp_path / "missing.png", shape, fill=fill)

import numpy as np
import pytest
from sklearn.datasets import load_digits

from wetcow import datasets


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


def test_flat_is_the_same_images_as_rows():
    images, labels = datasets.load("digits", split="test")
    rows, same = datasets.load("digits", split="test", flat=True)
    np.testing.assert_array_equal(rows, images.reshape(450, 64))
    np.testing.assert_array_equal(labels, same)


def test_unknown_names_raise():
    with pytest.raises(ValueError, match=r"no data set 'nonsense'.*'digits'"):
        datasets.load("nonsense")
    with pytest.raises(ValueError, match=r"split must be one of.*'validation'"):
        datasets.load("digits", split="validation")  # type: ignore[arg-type]

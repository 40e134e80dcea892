"""What all fitted estimators can become: a card, a file, a model of ONNX."""

from __future__ import annotations

import os
from typing import Self

from sklearn.utils.validation import check_is_fitted

from wetcow.learning.io.model import load, save


class Kept:
    """Cards and files of an estimator."""

    def card(self) -> str:
        """Say what it was learned from, what was measured, what it is for and its limits.

        Returns
        -------
        str
            Markdown. `save` puts it into the file, too, where any program that opens zip archives
            finds it as README.md.
        """
        check_is_fitted(self)
        from wetcow.learning.io.cards import card_of

        return card_of(self)

    def save(
        self, path: str | os.PathLike, *, updatable: bool = False, notes: str | None = None
    ) -> None:
        """Save to a file of a JSON header, a card to read and arrays, atomically; see `load`.

        Parameters
        ----------
        path : path
            File to write.
        updatable : bool
            Whether to keep the sums over examples, 4m² bytes for m landmarks, with which
            `partial_fit` can go on. Where all examples are stored there are none, and it always
            can.
        notes : str, optional
            What the card is to say of the data: where they are from, who may use them. None: what
            it said when loaded, if anything.
        """
        check_is_fitted(self)
        save(self, path, updatable=updatable, notes=notes)

    def to_onnx(self, path: str | os.PathLike) -> None:
        """Write a model of ONNX from rows to answers, to run without Python.

        Parameters
        ----------
        path : path
            File to write; see `wetcow.learning.io.onnx.save_onnx` for what is in it.
        """
        from wetcow.learning.io.onnx import save_onnx

        save_onnx(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Load what `save` wrote. Nothing in the file is executed.

        Raises
        ------
        ModelFileError
            For damaged or foreign files, those of a newer version, and models of another kind.
        """
        return load(cls, path)

"""Graphs of ONNX built node by node, in the order in which they are computed.

The package ``onnx`` is optional (extra onnx), so it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

OPSET, IR_VERSION = 17, 8
"""Of 2022, with all that is needed: what is written also runs where runtimes are not the newest."""


class Graph:
    """Nodes and constants, which grow by calls; what a call returns is the name of a value.

    Examples
    --------
    >>> graph = Graph()
    >>> half = graph("Mul", "X", graph.constant(np.float32(0.5)))
    >>> graph("Sqrt", half)
    'Sqrt_2'
    """

    def __init__(self) -> None:
        self._nodes: list[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, Any]]] = []
        self._constants: dict[str, np.ndarray] = {}
        self._names: dict[tuple, str] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of all constants."""
        return sum(array.nbytes for array in self._constants.values())

    def constant(self, value: Any) -> str:
        """Add an array, or find one that is equal, and return its name."""
        array = np.asarray(value)
        key = (array.dtype.str, array.shape, array.tobytes())
        if array.dtype == object:
            key = (*key[:2], tuple(array))
        if key not in self._names:
            self._names[key] = f"constant_{len(self._constants) + 1}"
            self._constants[self._names[key]] = array
        return self._names[key]

    def __call__(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node; `name` is that of its result."""
        name = name or f"{operator}_{len(self._nodes) + 1}"
        self._nodes.append((operator, inputs, (name,), attributes))
        return name

    def floats(self, value: Any) -> str:
        """Add a constant in single precision."""
        return self.constant(np.asarray(value, np.float32))

    def doubles(self, value: Any) -> str:
        """Add a constant in double precision."""
        return self.constant(np.asarray(value, np.float64))

    def integers(self, *values: int) -> str:
        """Add a vector of int64, as axes and shapes are given."""
        return self.constant(np.array(values, np.int64))

    def above_zero(self, value: str) -> str:
        """Return max(value, 0)."""
        return self("Relu", value)

    def root(self, squared: str) -> str:
        """Return the square root, zero below zero."""
        return self("Sqrt", self.above_zero(squared))

    def smallest(self, value: str, count: int) -> str:
        """Return the smallest values of the last axis, in order."""
        name = f"smallest_{len(self._nodes) + 1}"
        names = name, f"{name}_at"
        self._nodes.append(("TopK", (value, self.integers(count)), names, {"largest": 0}))
        return name

    def cast(self, value: str, dtype: Any) -> str:
        """Return `value` in another precision."""
        from onnx import helper

        return self("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def model(
        self,
        name: str,
        inputs: Mapping[str, tuple[Any, Sequence[Any]]],
        outputs: Mapping[str, tuple[Any, Sequence[Any]]],
        *,
        description: str,
        metadata: Mapping[str, str],
        producer: tuple[str, str],
    ) -> Any:
        """Return all as an onnx.ModelProto, checked.

        Parameters
        ----------
        name : str
            Of the graph.
        inputs, outputs : dict of (dtype, shape)
            Sides of any length have a name instead of a number.
        description : str
        metadata : dict of str
        producer : (str, str)
            Name and version of what writes this.
        """
        import onnx
        from onnx import helper, numpy_helper

        def described(values: Mapping[str, tuple[Any, Sequence[Any]]]) -> list[Any]:
            return [
                helper.make_tensor_value_info(value, _element(dtype), list(shape))
                for value, (dtype, shape) in values.items()
            ]

        used = {value for _, inputs, _, _ in self._nodes for value in inputs}
        graph = helper.make_graph(
            [
                helper.make_node(operator, list(inputs), list(results), **attributes)
                for operator, inputs, results, attributes in self._nodes
            ],
            name,
            described(inputs),
            described(outputs),
            [
                numpy_helper.from_array(array, key)
                for key, array in self._constants.items()
                if key in used
            ],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name=producer[0],
            producer_version=producer[1],
            doc_string=description,
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model


def _element(dtype: Any) -> int:
    """ONNX's number of a dtype; that of text is object."""
    from onnx import TensorProto, helper

    if np.dtype(dtype) == object:
        return int(TensorProto.STRING)
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

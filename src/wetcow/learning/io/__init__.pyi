"""The public names of wetcow.learning.io."""

from . import (
    card as card,
    cards as cards,
    container as container,
    earlier as earlier,
    kinds as kinds,
    labels as labels,
    model as model,
    onnx as onnx,
    onnx_graph as onnx_graph,
    onnx_layers as onnx_layers,
    onnx_series as onnx_series,
    readout as readout,
    record as record,
    series as series,
    soundness as soundness,
)
from .container import (
    ModelFileError as ModelFileError,
    read_model as read_model,
    write_model as write_model,
)
from .onnx import save_onnx as save_onnx

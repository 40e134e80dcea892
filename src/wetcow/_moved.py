"""Where modules were until 2026-11-29: imports from there work, with a DeprecationWarning.

They go with the next release.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import warnings
from types import ModuleType
from typing import Any

MOVED = {
    "explore.brain_view": "explore.views.brain",
    "explore.memory_view": "explore.views.memory",
    "explore.mode_view": "explore.views.mode",
    "explore.network_view": "explore.views.network",
    "explore.tissue_view": "explore.views.tissue",
    "learning.answers": "learning.data.predictions",
    "learning.augment": "images.augmentation",
    "learning.blocks": "learning.data.batches",
    "learning.budgets": "learning.settings.presets",
    "learning.build": "learning.dynamics.build",
    "learning.calibration": "learning.memory.calibration",
    "learning.card": "learning.io.card",
    "learning.checkpoint": "learning.finetune.checkpoint",
    "learning.checks": "learning.settings.checks",
    "learning.chunks": "learning.data.dask_arrays",
    "learning.class_modes": "learning.model.ridge",
    "learning.construct": "learning.model.dictionary",
    "learning.convention": "learning.data.convention",
    "learning.copies": "learning.data.copies",
    "learning.decide": "learning.views.decide",
    "learning.export": "learning.io.onnx",
    "learning.features": "learning.model.encoder",
    "learning.frame": "images.frame",
    "learning.ground": "images.background",
    "learning.hidden": "learning.model.hidden_modes",
    "learning.inputs": "learning.data.validation",
    "learning.model.kernel_checkpoint": "learning.model.memory.checkpoint",
    "learning.model.kernel_landmarks": "learning.model.memory.landmarks",
    "learning.model.kernel_memory": "learning.model.memory.memorize",
    "learning.model.kernel_operators": "learning.model.memory.operators",
    "learning.model.kernel_projection": "learning.model.memory.projection",
    "learning.model.kernel_recall": "learning.model.memory.recall",
    "learning.model.kernel_solver": "learning.model.memory.solver",
    "learning.model_file": "learning.io.container",
    "learning.network": "learning.dynamics.network",
    "learning.onnx_graph": "learning.io.onnx_graph",
    "learning.onnx_layers": "learning.io.onnx_layers",
    "learning.pictures": "images.pictures",
    "learning.predictions": "learning.data.predictions",
    "learning.presets": "learning.settings.presets",
    "learning.progress": "learning.data.progress",
    "learning.readout": "learning.dynamics.readout",
    "learning.record": "learning.io.record",
    "learning.refine": "learning.finetune.refine",
    "learning.response": "learning.model.activation",
    "learning.saving": "learning.io.model",
    "learning.sound": "learning.io.soundness",
    "learning.statistics": "learning.model.statistics",
    "learning.training": "learning.finetune.training",
    "learning.workers": "learning.data.dask_cluster",
    "memory.nearest": "memory.projection",
    "networks.connectome_files": "networks.connectome.files",
    "networks.gathered": "networks.gather",
    "reports.brain": "plotting.whole_brain",
    "reports.claims.counted": "reports.metrics.energy",
    "reports.claims.doubt": "reports.metrics.uncertainty",
    "reports.claims.operations": "reports.metrics.operations",
    "reports.claims.peers": "reports.peers.line_up",
    "reports.claims.ticks": "plotting.style",
    "reports.confidence": "reports.metrics.confidence",
    "reports.continual": "reports.peers.continual",
    "reports.corrupt": "reports.images.corruptions",
    "reports.kept": "reports.cache",
    "reports.letters": "reports.images.letters",
    "reports.networks": "reports.peers.convolutional",
    "reports.perceptron": "reports.peers.perceptron",
    "reports.spiking": "reports.peers.spiking",
    "simulation.alone": "simulation.steps.single_kernel",
    "simulation.lanes": "simulation.batch.runs",
    "simulation.pairs": "simulation.steps.pairs",
    "simulation.results": "simulation.files.results",
    "simulation.solvers": "simulation.steps.solvers",
    "simulation.store": "simulation.files.store",
    "synchrony.measures": "synchrony",
    "tissue.borders": "tissue.field.borders",
    "tissue.exponential": "tissue.field.exponential",
    "tissue.figures": "plotting.tissue",
    "tissue.images": "tissue.mri.images",
    "tissue.maps": "tissue.mri.maps",
    "tissue.spectral": "tissue.field.spectral",
}


class _Moved:
    """Finds modules where they were, and loads them from where they are.

    Not derived from the classes of `importlib.abc`: importing those takes as long as all the rest.
    """

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> Any:
        if fullname.removeprefix("wetcow.") in MOVED and fullname.startswith("wetcow."):
            loader: Any = self
            return importlib.machinery.ModuleSpec(fullname, loader)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__
        new = "wetcow." + MOVED[old.removeprefix("wetcow.")]
        message = f"{old} is now {new}; the old name goes with the next release"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        sys.modules[old] = importlib.import_module(new)


def attribute(package: str, name: str) -> ModuleType | None:
    """Return the module that was `name` of `package`; None if there was none."""
    old = f"{package}.{name}"
    return importlib.import_module(old) if old.removeprefix("wetcow.") in MOVED else None


def install() -> None:
    """Let imports find the old places."""
    sys.meta_path.append(_Moved())

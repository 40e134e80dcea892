"""The public names of wetcow.learning.data."""

from . import (
    batches as batches,
    channels as channels,
    convention as convention,
    copies as copies,
    dask_arrays as dask_arrays,
    dask_cluster as dask_cluster,
    picture_values as picture_values,
    predictions as predictions,
    progress as progress,
    rows as rows,
    samples as samples,
    series as series,
    sources as sources,
    validation as validation,
    weights as weights,
)
from .batches import (
    ArrayBatches as ArrayBatches,
    open_batches as open_batches,
)
from .convention import Convention as Convention
from .copies import Copies as Copies
from .samples import Samples as Samples

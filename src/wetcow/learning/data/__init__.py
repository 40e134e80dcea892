"""Training data: of many kinds, as checked rows, and as sources of batches to sum over.

`validation` makes rows of what users have, without copying them as a whole. `convention` tells
which values images have, and refuses others. `samples` puts rows, labels and hidden modes together;
`open_batches` makes a source of them (`sources` says what that is), in this process or, for a Dask
array on a cluster (`dask_arrays`, `dask_cluster`), where the chunks are. `copies` adds deformed
images. `series` makes an array of series of any lengths. `weights` says how often samples count.
`predictions` applies a function of features to rows of any of these kinds.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

"""Equal blocks of a batch, shared by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

PER_THREAD = 4  # blocks, so that a slow worker gets fewer; equal, so that one compilation serves


def num_blocks(client: Any) -> int:
    """How many blocks the workers of a cluster are to share.

    Raises
    ------
    ValueError
        If there is no worker.
    """
    threads = sum(client.nthreads().values())
    if not threads:
        raise ValueError("the Dask cluster has no workers yet: call client.wait_for_workers(1)")
    return PER_THREAD * threads


def on_workers(
    client: Any,
    function: Callable[[Any], dict[str, np.ndarray]],
    batch: Any,
    count: int,
    *,
    progress: bool = False,
) -> dict[str, np.ndarray]:
    """Call a function with each block of a batch, on the workers.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    function : callable
        Block to arrays by name, whose first axis is the block's; it is sent to each worker once.
    batch : pytree of arrays
        A multiple of `count` in the first axis.
    count : int
        Number of blocks.
    progress : bool
        Show a progress bar, which moves with each block that is done.

    Returns
    -------
    dict of name to array
        Those of all blocks, one after the other.
    """
    leaves, structure = jax.tree.flatten(batch)
    parts = zip(*(np.split(np.asarray(leaf), count) for leaf in leaves), strict=True)
    sent = client.scatter(function, broadcast=True, hash=False)
    blocks = client.scatter([structure.unflatten(part) for part in parts], hash=False)
    futures = [client.submit(_call, sent, block, pure=False) for block in blocks]
    try:
        if progress:
            from distributed import as_completed
            from rich.progress import track

            for _ in track(as_completed(futures), description="sweeping", total=count):
                pass
        results = client.gather(futures)
    except BaseException:
        client.cancel(futures)  # what remains would go on
        raise
    return {name: np.concatenate([one[name] for one in results]) for name in results[0]}


def _call(function: Callable[[Any], Any], block: Any) -> Any:
    return function(block)

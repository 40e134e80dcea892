"""Training data of many kinds, batch by batch: arrays, Dask arrays, copies."""

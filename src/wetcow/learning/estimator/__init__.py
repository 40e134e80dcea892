"""Estimators beside the classifier, and what makes an estimator of the pipeline.

`regressor` has `wetcow.WaveRegressor`, `features` has `wetcow.WaveFeatures`, the encoder alone, and
`series` has `wetcow.SeriesFeatures`.

`encoding` is what all have in common that look at rows by hidden modes, `learner` what those have
that also learn targets: it calls the pipeline's steps for `fit` and `partial_fit`. `prediction` is
what a classifier answers, `keeping` how estimators are kept; `former_names` says what became of
parameters and attributes that earlier versions had. All but `series` derive from them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

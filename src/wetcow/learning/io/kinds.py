"""Kinds of estimators that files hold."""

CLASSIFIER, REGRESSOR, FEATURES = "classifier", "regressor", "features"
CLASSES = {CLASSIFIER: "WaveClassifier", REGRESSOR: "WaveRegressor", FEATURES: "WaveFeatures"}
SERIES = "series"
"""Features of series, with or without the estimator that answers from them."""

UNITS = ("center", "scale", "spread")
"""Of values, see `wetcow.learning.memory.values.Values`."""

"""Kinds of estimators that files hold."""

CLASSIFIER, REGRESSOR, FEATURES = "classifier", "regressor", "features"
CLASSES = {CLASSIFIER: "WaveClassifier", REGRESSOR: "WaveRegressor", FEATURES: "WaveFeatures"}
UNITS = ("center", "scale", "spread")
"""Of values, see `wetcow.learning.memory.values.Values`."""

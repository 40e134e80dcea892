"""Models in files: container, card, ONNX."""

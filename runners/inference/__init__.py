"""Using an adapted voice: text to speech, voice conversion, ONNX."""

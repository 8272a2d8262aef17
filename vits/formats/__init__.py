"""Models of other projects that are VITS under other names: the original release, Transformers, coqui and Piper."""

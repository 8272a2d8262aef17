"""The pretrained models that listen, and where their weights come from."""

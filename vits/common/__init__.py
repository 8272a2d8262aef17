"""What every package stands on: the one exception for bad input, registered classes, files written whole."""

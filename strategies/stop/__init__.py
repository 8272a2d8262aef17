"""When training stops before its length: one `Stop` a file."""

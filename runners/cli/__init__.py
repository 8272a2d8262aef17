"""What stands around every command: arguments, --help, and bad input told in one line."""

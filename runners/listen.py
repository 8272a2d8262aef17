"""Make a listening test of an experiment: one page, blind and balanced, that needs nothing but a browser."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.listen_arguments import ListenArguments

EXAMPLE = "python runners/listen.py experiment=demo"
AFTERWARDS = """
Send the page to whoever shall listen. Each of them saves a small file of answers at the end; then
  python runners/report.py experiment=demo 'ratings=[answers-1.json,answers-2.json]'
says whom they prefer, how sure that is, and how well SECS and WER agree with them."""


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ListenArguments) + AFTERWARDS)
        return
    with told_in_one_line():
        from runners.config.registration import register_options
        from runners.listening.making import make_listening_test

        register_options()
        print(make_listening_test(parse_arguments(ListenArguments, sys.argv[1:])))


if __name__ == "__main__":
    main()

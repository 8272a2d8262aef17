"""Write an adapted model as an ONNX file that speaks without PyTorch, also in Piper or in sherpa-onnx."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.inference_arguments import ExportArguments

EXAMPLE = "python runners/export.py run=runs/demo/<cell> out=voice.onnx"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ExportArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ExportArguments, sys.argv[1:])
        from runners.inference.voice_formats import export_cell

        export_cell(arguments)


if __name__ == "__main__":
    main()

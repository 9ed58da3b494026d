#!/usr/bin/env bash
# What `make demo` shows, with the command that it is given.
set -euo pipefail
digitscope=$1
say() { printf '\n$ digitscope %s\n' "$*"; "$digitscope" "$@"; }

say train --recipe lesson
run=$(find runs -maxdepth 1 -name 'lesson*' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -1 | cut -d' ' -f2-)
[ -n "$run" ] || run=$(ls -td runs/lesson* | head -1)
say evaluate "$run" --mistakes 5
say predict "$run" examples/handwritten.jpg
say read examples/numbers.jpg --annotate "$run/numbers.png"

cat <<END

Everything of this run is in $run:
  report.html     the report: open it in a browser
  *.png           the figures, one by one
  weights/        the network itself: best.safetensors, last.safetensors
  numbers.png     what was read on examples/numbers.jpg, digit by digit
Next: $digitscope read YOUR-PHOTO.jpg --explain steps.png
      $digitscope --help
END

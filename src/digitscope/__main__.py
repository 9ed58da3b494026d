"""`python -m digitscope` is the command `digitscope`."""

from digitscope.cli.main import run

if __name__ == "__main__":
    run()

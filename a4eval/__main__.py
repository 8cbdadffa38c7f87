"""``python -m a4eval``."""

from a4eval.cli.main import main

if __name__ == "__main__":
    main()

#!/usr/bin/env python
"""Django's usual entry point; the same as `python -m user_team`."""

from user_team.__main__ import main

if __name__ == "__main__":
    main()

"""`python -m fedready`, the same as the console script `fedready`."""

import sys

from fedready.cli import main

sys.exit(main())

"""Everything that pytest needs to audit lives in fedready/plugin.py."""

pytest_plugins = ["fedready.plugin"]

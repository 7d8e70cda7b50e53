"""Makes `pytest` here an audit: options, handles, verdicts and reports come from this plugin."""

pytest_plugins = ["fedready.plugin"]

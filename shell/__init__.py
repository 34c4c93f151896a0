"""The keyboard: commands that parse, call one action and print. Never imports the daemon."""

"""The service: fetches mail, files it, delivers letters. Never imports the shell."""

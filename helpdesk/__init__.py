"""What the daemon and the shell share: actions, store and core, each floor importing only lower ones."""

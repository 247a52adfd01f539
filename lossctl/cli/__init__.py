"""The command line: options in, exit code out. No arithmetic is done and no file opened here."""

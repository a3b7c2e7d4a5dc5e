"""What ends a command with exit status 1: one clear sentence for the person who typed it."""


class CliError(Exception):
    """A command cannot do what was asked; the sentence says why and what to do. Exit status 1."""


class Unreachable(CliError):
    """No server answers; it may be back soon."""


class Interrupted(Exception):
    """The person left with Ctrl-C what goes on without them; the sentence says how to come back. Exit status 130."""


class UsageError(Exception):
    """A command was asked for in a way that cannot be; the sentence names the option. Exit status 2."""

"""Text that a person wrote, among values that are shown."""


class Written(str):
    """What a person wrote: it is shown as one harmless line, whatever is in it."""

    __slots__ = ()

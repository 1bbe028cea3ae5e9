from datetime import UTC, datetime, timedelta


class FrozenClock:
    """A clock that stands still until a test moves it; it starts on a Wednesday."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)

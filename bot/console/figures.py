"""What /metrics of one or several Easels says, added up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures at one moment, by name and labels; *at* is in seconds."""

    at: float
    values: Mapping[Key, float]

    @classmethod
    def of(cls, pages: Iterable[str], at: float) -> Self:
        """Read *pages*; what several say of the same is added up."""
        values: dict[Key, float] = {}
        for page in pages:
            for family in text_string_to_metric_families(page):
                for sample in family.samples:
                    key = sample.name, frozenset(sample.labels.items())
                    values[key] = values.get(key, 0.0) + sample.value
        return cls(at, values)

    def total(self, name: str, **labels: str) -> float:
        """Add up the figure *name*, of those with *labels*."""
        wanted = labels.items()
        return sum(
            value for (each, has), value in self.values.items() if each == name and wanted <= has
        )

    def by(self, name: str, label: str) -> dict[str, float]:
        """Add up the figure *name* for each value of *label*, the largest first."""
        found: dict[str, float] = {}
        for (each, has), value in self.values.items():
            if each == name:
                key = dict(has).get(label, "")
                found[key] = found.get(key, 0.0) + value
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def a_minute(self, before: Self | None, of: Callable[[Self], float]) -> float | None:
        """Return by how much *of* grew a minute since *before*; None while that is not known."""
        if before is None or self.at <= before.at:
            return None
        return max(0.0, of(self) - of(before)) * 60 / (self.at - before.at)

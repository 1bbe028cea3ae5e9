"""What is counted, what the guide and the dashboard say of it, are the same."""

import json
import re
from pathlib import Path

from bot.metrics import Metrics
from bot.web.metrics import READINGS

ROOT = Path(__file__).parent.parent
ENDINGS = re.compile(r"_(bucket|count|sum|created)$")


def counted() -> set[str]:
    """Return the name of every metric of ours."""
    own = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
        if family.name.startswith("easel_")
    }
    return own | {f"easel_{name}" for name in READINGS}


def test_the_guide_names_every_metric_and_no_other() -> None:
    guide = (ROOT / "docs/operator.md").read_text("utf-8")

    assert set(re.findall(r"`(easel_[a-z_]+)`", guide)) == counted()


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text("utf-8"))
    targets = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

    shown = {ENDINGS.sub("", name) for name in re.findall(r"easel_[a-z_]+", " ".join(targets))}

    assert shown == counted()


def test_no_label_can_have_many_values() -> None:
    """A server, a member or a code as a label would be a series each, and tell who asked."""
    metrics = Metrics()
    metrics.ended("imagine", "done", "", "sketch", 40_000)
    metrics.called("sketch", "ok", 0.2)
    labels = {
        label
        for family in metrics.registry.collect()
        if family.name.startswith("easel_")
        for sample in family.samples
        for label in sample.labels
    }

    assert labels == {"command", "state", "cause", "model", "outcome", "le"}

"""The files to deploy Easel with: they parse, set what exists, and run it as safely as promised."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, cast

import click
import pytest
import yaml

from bot.__main__ import main
from bot.domain.shards import Shards
from bot.running import DRAIN_SECONDS
from bot.settings import Settings, is_secret, load_settings, shards_of

ROOT = Path(__file__).parent.parent
FILES = (
    ROOT / "compose.yaml",
    *sorted(p for p in (ROOT / "deploy").rglob("*") if p.suffix in {".yaml", ".yml"}),
)
NAMES = {name.upper() for name in Settings.model_fields} | {
    f"{name.upper()}_FILE" for name, field in Settings.model_fields.items() if is_secret(field)
}
HOME = "postgresql+asyncpg://easel:secret@postgresql/easel"

Json = dict[str, Any]


def parsed(path: Path) -> list[Json]:
    return [cast("Json", each) for each in yaml.safe_load_all(path.read_text("utf-8")) if each]


def compose() -> dict[str, Json]:
    """Return the services of Easel, by name."""
    (file,) = parsed(ROOT / "deploy" / "compose.yaml")
    return {name: each for name, each in file["services"].items() if name.startswith("easel")}


def objects(kind: str) -> list[Json]:
    """Return Kubernetes' objects of a kind."""
    found = chain.from_iterable(map(parsed, (ROOT / "deploy" / "kubernetes").glob("*.yaml")))
    return [each for each in found if each["kind"] == kind]


def pods() -> dict[str, Json]:
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in objects("Deployment")
    }


def environment(pod: Json) -> dict[str, str]:
    """Return what the one container of *pod* gets, its config map's part included."""
    (container,) = pod["containers"]
    maps = {each["metadata"]["name"]: each["data"] for each in objects("ConfigMap")}
    named = [maps[each["configMapRef"]["name"]] for each in container["envFrom"]]
    own = {each["name"]: each["value"] for each in container["env"]}
    return {name: value for each in (*named, own) for name, value in each.items()}


ENVIRONMENTS = {
    **{name: each["environment"] for name, each in compose().items()},
    **{name: environment(each) for name, each in pods().items()},
}


def settings(environ: Mapping[str, str], folder: Path) -> Settings:
    """Read *environ* as Easel does, with a secret in each file that it names."""
    given = dict(environ)
    for name in [each for each in environ if each.endswith("_FILE")]:
        file = folder / name
        file.write_text(HOME if name.startswith("DATABASE") else "a secret of some length")
        given[name] = str(file)
    return load_settings(given)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_parses(path: Path) -> None:
    assert parsed(path)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_name_is_a_setting_and_every_value_one_that_it_takes(
    name: str, tmp_path: Path
) -> None:
    environ = ENVIRONMENTS[name]

    assert set(environ) <= NAMES
    assert all(isinstance(value, str) for value in environ.values())
    found = settings(environ, tmp_path)
    assert found.hash_key is not None
    assert found.database_url.get_secret_value() == HOME
    assert found.monthly_budget_dollars is not None


@pytest.mark.parametrize("names", [tuple(compose()), tuple(pods())], ids=["compose", "kubernetes"])
def test_each_shard_is_somebodys(names: Iterable[str], tmp_path: Path) -> None:
    found = {name: shards_of(settings(ENVIRONMENTS[name], tmp_path)) for name in names}
    spare = found.pop("easel-spare", None)
    (count,) = {each.count for each in found.values()}
    ids = sorted(chain.from_iterable(each.ids for each in found.values()))

    assert ids == list(range(count))
    assert spare in {None, Shards(count, tuple(range(count)))}


@pytest.mark.parametrize(
    "words",
    [each["command"] for each in compose().values()]
    + [each["containers"][0]["args"] for each in pods().values()],
)
def test_the_command_is_one_of_easels(words: list[str]) -> None:
    command, *options = words
    known = chain.from_iterable(each.opts for each in main.commands[command].params)

    assert isinstance(main.commands[command], click.Command)
    assert set(options) <= set(known)


@pytest.mark.parametrize("name", compose())
def test_compose_runs_it_unprivileged(name: str) -> None:
    service = compose()[name]

    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS
    assert service["environment"]["HEALTH_HOST"] == "127.0.0.1"
    (file,) = parsed(ROOT / "deploy" / "compose.yaml")
    assert set(service["secrets"]) <= set(file["secrets"])
    told = {v.rpartition("/")[2] for k, v in service["environment"].items() if k.endswith("_FILE")}
    assert told == set(service["secrets"])


@pytest.mark.parametrize("name", pods())
def test_kubernetes_runs_it_unprivileged(name: str) -> None:
    pod = pods()[name]
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert set(mounts) == {each["name"] for each in pod["volumes"]}
    for variable, path in environment(pod).items():
        assert not variable.endswith("_FILE") or path.startswith(mounts["secrets"])


@pytest.mark.parametrize("name", pods())
def test_kubernetes_restarts_by_health_only(name: str) -> None:
    (container,) = pods()[name]["containers"]
    (port,) = container["ports"]

    assert str(port["containerPort"]) == environment(pods()[name])["HEALTH_PORT"]
    for probe, page in (
        ("startup", "/healthz"),
        ("liveness", "/healthz"),
        ("readiness", "/readyz"),
    ):
        asked = container[f"{probe}Probe"]["httpGet"]
        assert (asked["path"], asked["port"]) == (page, port["name"])


def test_every_object_selects_its_own_pods() -> None:
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in objects("Deployment")
    }

    for each in (*objects("Deployment"), *objects("PodDisruptionBudget")):
        assert each["spec"]["selector"]["matchLabels"] == labels[each["metadata"]["name"]]
    assert len({tuple(sorted(each.items())) for each in labels.values()}) == len(labels)

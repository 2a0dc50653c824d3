"""What `deploy/` holds is well-formed, runs under no one's root, and says nothing that the command line does not take."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.architecture.chart import Chart

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = Chart(DEPLOY / "helm/synap")
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "encrypted": {"serve": {"tlsSecret": "cert"}},
    "with an ingress": {"ingress": {"enabled": True, "className": "nginx", "tlsSecret": "cert"}},
    "with more settings": {"environment": {"SYNAP_BACKLOG": 100}, "environmentSecret": "keys", "image": {"tag": "1.2"}},
}
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
YAML_RULES = (
    "{extends: default, rules: {line-length: {max: 130}, document-start: disable, truthy: disable, "
    "braces: {max-spaces-inside: 1}}}"
)


def tool(name: str) -> str:
    """Return where a linter lies: beside this Python, as the `dev` extra puts it there, or on the path."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def checked(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)  # noqa: S603 - our own files
    assert done.returncode == 0, done.stdout + done.stderr


def settings_known() -> set[str]:
    return set(re.findall(r"`(SYNAP_[A-Z_]+)`", (ROOT / "docs/reference/environment.md").read_text()))


def options_of(command: str) -> set[str]:
    """Return the options that a command takes, as the reference page tells."""
    page = (ROOT / "docs/reference/cli-options.md").read_text()
    section = page.split(f"## synap {command}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"`(--[a-z-]+)", section))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield every command line of `synap` in these files, without the program."""
    for unit in UNITS:
        for line in re.findall(r"^ExecStart=\S+/synap (.*)$", unit.read_text(), re.MULTILINE):
            yield unit.name, line.split()
    for name, service in COMPOSE["services"].items():
        if name != "db":
            yield f"compose {name}", service["command"]
    for rendered in CHART.render(VARIANTS["encrypted"]):
        for container in containers(rendered):
            yield f"chart {container['name']}", container["args"]
    (listed,) = re.findall(r"^CMD \[(.*)\]$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    yield "Containerfile", [part.strip(' "') for part in listed.split(",")]


def containers(rendered: dict[str, Any]) -> list[dict[str, Any]]:
    pod = rendered["spec"].get("template", {}).get("spec", {})
    found: list[dict[str, Any]] = pod.get("containers", [])
    return found


@pytest.mark.parametrize(("where", "line"), list(commands()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_command_takes_the_options_it_is_given(where: str, line: list[str]) -> None:
    command, *rest = line

    given = {part for part in rest if part.startswith("--")}

    assert given <= options_of(command), where


def test_the_image_is_linted() -> None:
    checked(tool("hadolint"), DEPLOY / "Containerfile")


def test_the_image_runs_as_nobody_special_and_tells_its_health() -> None:
    text = (DEPLOY / "Containerfile").read_text()

    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert "/health" in text
    assert "models prepare" in text


def test_what_the_image_leaves_out_is_the_same_for_both_builders() -> None:
    ours, docker = ((ROOT / name).read_text().splitlines()[1:] for name in (".containerignore", ".dockerignore"))

    assert ours == docker


def test_plain_yaml_is_linted() -> None:
    files = [DEPLOY / "compose/compose.yaml", DEPLOY / "helm/synap/Chart.yaml", DEPLOY / "helm/synap/values.yaml"]

    checked(tool("yamllint"), "-d", YAML_RULES, *files)


def test_secrets_reach_a_composed_service_as_files_alone() -> None:
    for name, service in COMPOSE["services"].items():
        for variable, value in service["environment"].items():
            if "PASSWORD" in variable or "URL" in variable:
                assert variable.endswith("_FILE"), name
                assert Path(value).name in service["secrets"], name
    assert (DEPLOY / "compose/.gitignore").read_text() == "secrets/\n"


def test_what_runs_on_is_looked_at_for_its_health_and_ports_are_loopback() -> None:
    services = COMPOSE["services"]

    assert services["migrate"]["healthcheck"] == {"disable": True}
    for name in ("api", "worker"):
        assert "0.0.0.0:8787" in services[name]["command"], "where the image looks"
        assert "healthcheck" not in services[name]
    assert all(port.startswith("127.0.0.1:") for port in services["api"]["ports"])


def test_the_secrets_are_made_once(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    shutil.copy(DEPLOY / "compose/make-secrets.sh", script)

    checked("sh", script)
    first = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    checked("sh", script)

    assert {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()} == first
    assert first.keys() == COMPOSE["secrets"].keys()
    assert len(first["app_password"]) == 48
    assert first["app_url"] == f"postgresql://synap_app:{first['app_password']}@db:5432/synap"


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_chart_makes_objects_that_a_cluster_takes(variant: str) -> None:
    validation = pytest.importorskip("kubernetes_validate")
    objects = CHART.render(VARIANTS[variant])

    for rendered in objects:
        validation.validate(rendered, "1.31", strict=True)
    assert {"Deployment", "Job", "Service", "PodDisruptionBudget"} <= {rendered["kind"] for rendered in objects}
    assert len([one for one in objects if one["kind"] == "Ingress"]) == (variant == "with an ingress")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_charts_pods_have_no_powers_and_mount_what_they_name(variant: str) -> None:
    for rendered in CHART.render(VARIANTS[variant]):
        for container in containers(rendered):
            pod = rendered["spec"]["template"]["spec"]
            security = container["securityContext"]
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert security["capabilities"]["drop"] == ["ALL"]
            assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
            assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
            assert {variable["name"].removesuffix("_FILE") for variable in container["env"]} <= settings_known()


def test_the_owners_login_is_kept_from_the_servers_of_the_chart() -> None:
    (serve,) = [
        one for one in CHART.render() if one["metadata"]["name"] == "synap-serve" and one["kind"] == "Deployment"
    ]
    pod = serve["spec"]["template"]["spec"]

    assert "owner" not in str(pod)
    assert pod["volumes"][0]["secret"]["items"] == [{"key": "app-url", "path": "app-url"}]


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_servers_and_workers_are_watched_where_they_listen(name: str) -> None:
    (deployment,) = [
        one
        for one in CHART.render({"worker": {"http": 9999}})
        if one["metadata"]["name"] == f"synap-{name}" and one["kind"] == "Deployment"
    ]
    (container,) = containers(deployment)
    listens = container["args"][container["args"].index("--http") + 1].rpartition(":")[2]

    assert deployment["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] == listens
    assert str(container["ports"][0]["containerPort"]) == listens
    assert {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")} == {"/health"}


def test_the_chart_changes_with_its_values() -> None:
    rendered = CHART.render(VARIANTS["with more settings"])

    (serve,) = [one for one in rendered if one["metadata"]["name"] == "synap-serve" and one["kind"] == "Deployment"]
    (container,) = containers(serve)

    assert container["image"] == "synap:1.2"
    assert {"name": "SYNAP_BACKLOG", "value": "100"} in container["env"]
    assert container["envFrom"] == [{"secretRef": {"name": "keys"}}]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_one_that_systemd_takes(unit: Path, tmp_path: Path) -> None:
    verify = tool("systemd-analyze")
    for other in UNITS:
        text = other.read_text().replace("/opt/synap/bin/synap", "/bin/true")
        (tmp_path / other.name).write_text(text)
    name = unit.name.replace("@.", "@1.")
    if "@" in name:
        (tmp_path / name).write_text((tmp_path / unit.name).read_text())

    done = subprocess.run(  # noqa: S603 - our own files
        [verify, "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )

    assert [line for line in done.stderr.splitlines() if "synap" in line] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_as_a_user_of_its_own_without_new_powers(unit: Path) -> None:
    parsed = configparser.RawConfigParser(strict=False)
    parsed.read(unit)
    service = parsed["Service"]

    assert (service["User"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("synap", "yes", "strict")

"""What the container files promise, read from the files themselves."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
UID = 10001
DRAIN = timedelta(seconds=9)


def read_stages():
    """Return the Dockerfile's stages, each a list of (instruction, arguments)."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    instructions = [tuple(line.split(None, 1)) for line in lines if line.strip()]
    starts = [number for number, (name, _) in enumerate(instructions) if name == "FROM"]
    return [instructions[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def values(stage, instruction):
    return [arguments for name, arguments in stage if name == instruction]


@pytest.fixture(scope="module")
def stages():
    return read_stages()


@pytest.fixture(scope="module")
def final(stages):
    return stages[-1]


@pytest.fixture(scope="module")
def service():
    [service] = read_compose()["services"].values()
    return service


def read_compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


# the image


def test_the_image_is_built_in_two_stages_on_a_slim_base(stages):
    """What builds is left behind: the last stage takes the installed environment and nothing from the context."""
    assert [base.split()[0] for stage in stages for base in values(stage, "FROM")] == ["python:3.13-slim"] * 2
    assert values(stages[-1], "COPY") == ["--from=builder /opt/tocsin /opt/tocsin"]
    assert not any("pip" in command for command in values(stages[-1], "RUN"))


def test_every_library_is_installed_by_its_hash(stages):
    """Libraries come from the lock file with hashes; the package itself brings none and builds with locked tools."""
    installs = re.findall(r"pip install [^&]+", " && ".join(values(stages[0], "RUN")))
    assert [install.split() for install in installs] == [
        "pip install --require-hashes -r requirements/run.txt".split(),
        "pip install --no-deps --no-build-isolation .".split(),
    ]


def test_it_does_not_run_as_root(final):
    """The last word on the user is a fixed number, and /data is that user's before it becomes a volume."""
    assert values(final, "USER") == [f"{UID}:{UID}"]
    names = [name for name, _ in final]
    assert names.index("RUN") < names.index("VOLUME") < names.index("USER") < names.index("ENTRYPOINT")
    assert "RUN" not in names[names.index("USER") :]
    assert re.search(rf"--owner={UID} --group={UID} --mode=\d+ /data\b", values(final, "RUN")[0])


def test_no_shell_runs(final):
    """Entry point, command and health check are lists, so that signals reach the daemon and no shell is needed."""
    assert [json.loads(value) for value in values(final, "ENTRYPOINT")] == [["tocsin"]]
    assert [json.loads(value) for value in values(final, "CMD")] == [["run"]]
    [check] = values(final, "HEALTHCHECK")
    assert json.loads(check.partition("CMD ")[2]) == ["tocsin", "healthcheck"]


def test_configuration_and_data_have_their_places(final):
    """The image looks for its configuration in /config and keeps all that it writes in the one volume, /data."""
    environment = " ".join(values(final, "ENV")).split()
    assert "TOCSIN_CONFIG=/config" in environment
    assert "TOCSIN_DATABASE_URL=sqlite:////data/tocsin.db" in environment
    assert (values(final, "VOLUME"), values(final, "WORKDIR")) == (["/data"], ["/data"])
    assert values(final, "STOPSIGNAL") == ["SIGTERM"]


def test_the_build_sees_what_it_copies_and_nothing_else(stages):
    """Everything is kept from the build but what it copies; databases, secrets and history never reach it."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    first, *rest = [line for line in lines if not line.startswith("#")]
    let_through = {line.removeprefix("!") for line in rest if line.startswith("!")}
    copied = {source for copy in values(stages[0], "COPY") for source in copy.split()[:-1]}
    assert first == "*"
    assert let_through == copied
    assert all((ROOT / path).exists() for path in copied)


# the compose file


def test_the_service_may_do_as_little_as_possible(service):
    """Its root is read-only, it has no capability, gains none, and writes to a temporary file system and its volume."""
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [mount.split(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert not service.keys() & {"privileged", "cap_add", "user", "ports", "network_mode", "pid"}


def test_the_service_keeps_its_data_and_cannot_change_its_configuration(service):
    """The database is on a named volume; what the user mounts is read-only."""
    mounts = [mount.split(":") for mount in service["volumes"]]
    assert ["data", "/data"] in mounts
    assert ["./config", "/config", "ro"] in mounts
    assert all(mount[2:] == ["ro"] for mount in mounts if mount[0].startswith("."))
    assert "data" in read_compose()["volumes"]


def test_the_service_comes_back_and_ends_in_its_own_time(service):
    """It is restarted unless stopped by hand, has longer to end than it takes, and is checked as the image says."""
    assert service["restart"] == "unless-stopped"
    assert timedelta(seconds=int(service["stop_grace_period"].removesuffix("s"))) > DRAIN
    assert "healthcheck" not in service


def test_secrets_are_files_and_the_example_starts_without_any(service):
    """Each secret that the service names is declared as a file, which is empty until the user names one."""
    declared = read_compose()["secrets"]
    assert service["secrets"]
    assert set(service["secrets"]) == declared.keys()
    assert all(re.fullmatch(r"\$\{\w+:-/dev/null\}", secret["file"]) for secret in declared.values())

"""The suite on Docker compose, for the tests: a project of its own, beside whatever else runs here."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dotenv import dotenv_values

from harness.compose_files import BASE, ROOT, TESTS, one_service_per_image, published
from harness.docker import Container, DockerError, builder, containers, docker, labelled
from harness.ports import free_ports
from harness.waiting import until
from local_stack import credentials

HOST = "127.0.0.1"
SECRETS = (*credentials.NAMES, "GRAFANA_ADMIN_PASSWORD")
_IMAGE_TAG = "test"
_POLL_S = 0.3
_UP_S = 240.0


class Compose:
    """One compose project and its stack. Not for several threads at once."""

    def __init__(self, folder: Path, project: str, say: Callable[[str], None] = print) -> None:
        """Prepare a stack; nothing runs before `start`.

        Args:
            folder: holds its variables and the caught mails; belongs to it alone.
            project: its name; containers, volumes and networks bear it.
            say: is told what took how long.
        """
        self.project = project
        self._say = say
        self._held: set[str] = set()
        self.mail_store = folder / "mail" / "mails.sqlite"
        self.mail_store.parent.mkdir()
        # The catcher's user is another one than ours.
        self.mail_store.parent.chmod(0o777)
        self.secrets = {name: secrets.token_urlsafe(24) for name in SECRETS}
        ports = {name: str(port) for name, port in free_ports(published()).items()}
        self._chosen = {
            **{name: value for name, value in dotenv_values(ROOT / ".env.example").items() if value},
            **self.secrets,
            **ports,
            "AUTH_ISSUER": f"http://{HOST}:{ports['USER_TEAM_PORT']}",
            "TASK_MEETING_PUBLIC_URL": f"http://{HOST}:{ports['TASK_MEETING_API_PORT']}",
            "NOTIFICATION_PUBLIC_URL": f"http://{HOST}:{ports['NOTIFICATION_API_PORT']}",
            "API_RATE_LIMIT": "5000/second",  # the tests ask as fast as they can
            "NOTIFICATION_BURST_SECONDS": "0",  # and count the news, each in a mail of its own
            "IMAGE_TAG": _IMAGE_TAG,
            "TEST_MAIL_DIR": str(self.mail_store.parent),
        }
        self.env_file = folder / "compose.env"
        self.env_file.touch(mode=0o600)
        self.env_file.write_text("".join(f"{name}='{value}'\n" for name, value in self._chosen.items()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down(volumes=True)

    def start(self) -> None:
        """Build the images, start everything and wait until it is ready.

        Raises:
            DockerError: it did not become ready; says who is to blame. Nothing is left running.
        """
        try:
            with self._timed("images built"):
                self.compose("build", "--quiet", *one_service_per_image(self.configuration()))
            self.up()
        except BaseException:
            self.down(volumes=True)
            raise

    def up(self) -> None:
        """Create and start the containers, and wait until all are ready.

        Raises:
            DockerError: a step failed, or something is not ready in time; says what.
        """
        with self._timed("all ready"):
            try:
                self.compose("up", "--detach", "--no-build")
                self.wait_ready(timeout=_UP_S)
            except (DockerError, AssertionError) as error:
                raise DockerError(f"{error}\n{self._blame()}") from None

    def down(self, *, volumes: bool = False) -> None:
        """Remove the containers and the network; the data only when that is asked for."""
        with self._timed("down"):
            self.compose("down", "--remove-orphans", *(["--volumes"] if volumes else []))

    def leftovers(self) -> dict[str, list[str]]:
        """Kind → the ids of what the project has on this engine."""
        kinds = {"container": ["ps", "--all"], "volume": ["volume", "ls"], "network": ["network", "ls"]}
        found = {
            kind: docker(*command, "--quiet", *labelled(self.project)).split()
            for kind, command in kinds.items()
        }
        return {kind: ids for kind, ids in found.items() if ids}

    # -- what tests connect to

    @property
    def variables(self) -> dict[str, str]:
        """Addresses as this machine reaches them, names and passwords."""
        return {
            **self._chosen,
            "API_HOST": HOST,
            "POSTGRES_HOST": HOST,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "CONNECT_URL": self.connect_url,
            "AUTH_JWKS_URL": f"{self._chosen['AUTH_ISSUER']}/.well-known/jwks.json",
        }

    @property
    def machine(self) -> dict[str, str]:
        """Our own environment without what would win over the stack's variables."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if name not in self._chosen and not name.startswith("COMPOSE_")
        }
        return {"DOCKER_BUILDKIT": builder(), **ours}

    @property
    def environment(self) -> dict[str, str]:
        """What a child process on this machine needs to work with the stack."""
        return {**self.machine, **self.variables}

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self._chosen['KAFKA_PORT']}"

    @property
    def connect_url(self) -> str:
        return f"http://{HOST}:{self._chosen['CONNECT_PORT']}"

    def dsn(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """A libpq address; without `user` it is the superuser's."""
        user = user or self._chosen["POSTGRES_USER"]
        password = password or self._chosen["POSTGRES_PASSWORD"]
        return f"postgresql://{user}:{password}@{HOST}:{self._chosen['POSTGRES_PORT']}/{database}"

    def service_dsn(self, service: str) -> str:
        """The address that a service uses: ``USER_TEAM``, ``TASK_MEETING`` or ``NOTIFICATION``."""
        name, user, password = (self._chosen[f"{service}_DB_{what}"] for what in ("NAME", "USER", "PASSWORD"))
        return self.dsn(name, user=user, password=password)

    # -- the containers

    def containers(self) -> list[Container]:
        return containers(self.project)

    def container(self, name: str) -> Container:
        """The container of a service. There is exactly one."""
        [container] = containers(self.project, name)
        return container

    def log(self, name: str) -> str:
        """What a service has logged, in this and earlier runs of its container."""
        return docker("logs", self.container(name).id)

    def configuration(self, *options: str) -> dict[str, Any]:
        """The compose files as compose understands them, all variables replaced."""
        return json.loads(self.compose(*options, "config", "--format=json"))

    def compose(
        self, *arguments: str, files: Sequence[str] = (BASE, TESTS), exported: Mapping[str, str] | None = None
    ) -> str:
        """Run a `docker compose` command on this project; what is exported wins over its variables."""
        chosen = [f"--file={ROOT / file}" for file in files]
        options = ["--project-name", self.project, "--env-file", str(self.env_file), *chosen]
        return docker("compose", *options, *arguments, environment={**self.machine, **(exported or {})})

    # -- faults

    def kill(self, name: str) -> None:
        """SIGKILL the main process of a container, and with it all others in it: the restart policy applies.

        After `docker kill` it would not: that counts as a wish to have it down. The process is killed from
        another container, which sees those of the engine's machine, wherever that is.
        """
        before = self.container(name)
        pid = before.facts["State"]["Pid"]
        options = ("--rm", "--pid=host", "--network=none", "--user=0", "--entrypoint=sh")
        docker("run", *options, before.facts["Image"], "-c", f"kill -KILL {pid}")
        until(lambda: self.container(name).run != before.run, f"{name} ends", poll_s=_POLL_S)

    def hold(self, name: str) -> None:
        """Stop a container and keep it down until `release`."""
        self._held.add(name)
        docker("stop", self.container(name).id)

    def release(self, name: str) -> None:
        self._held.remove(name)
        docker("start", self.container(name).id)

    def is_held(self, name: str) -> bool:
        return name in self._held

    def wait_ready(self, *names: str, timeout: float = 120) -> None:
        """Wait until these services, or all, are ready.

        Raises:
            DockerError: a one-shot service failed, so that they never will be.
        """

        def is_ready() -> bool:
            every = self.containers()
            if failed := [str(container) for container in every if container.has_failed]:
                raise DockerError("; ".join(failed))
            found = [container for container in every if not names or container.service in names]
            return bool(found) and all(container.is_ready for container in found)

        until(is_ready, f"ready: {names or 'the stack'}", timeout_s=timeout, poll_s=_POLL_S)

    def _blame(self) -> str:
        """Who is not ready, and the end of what they logged."""
        late = [container for container in self.containers() if not container.is_ready]
        return "\n".join(f"--- {it}\n{docker('logs', '--tail=40', it.id)}" for it in late)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._say(f"compose: {what} after {time.monotonic() - began:.0f} s")

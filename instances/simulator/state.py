"""What the local Railway remembers. Moments are seconds since the epoch; nothing here acts."""

from dataclasses import dataclass, field

PROJECT_ENVIRONMENT = "production"


@dataclass
class Commit:
    sha: str
    message: str
    at: float


@dataclass
class Repository:
    """A GitHub repository: commits by branch, the newest last."""

    name: str
    default_branch: str = "main"
    branches: dict[str, list[Commit]] = field(default_factory=dict)


@dataclass
class Moment:
    """From `at` on, a deployment has this status."""

    status: str
    at: float


@dataclass
class Deployment:
    """One deployment, with all that it runs with, and its future written down in advance."""

    id: str
    created_at: float
    timeline: list[Moment]
    variables: dict[str, str]
    settings: dict[str, object]
    repo: str | None = None
    branch: str | None = None
    image: str | None = None
    commit: str | None = None
    commit_message: str | None = None
    reason: str = "deploy"
    build_error: str | None = None
    deploy_error: str | None = None
    stopped_at: float | None = None


@dataclass
class Domain:
    id: str
    host: str
    port: int
    target_port: int | None
    created_at: float
    active_at: float


@dataclass
class Volume:
    id: str
    name: str
    mount_path: str
    created_at: float


@dataclass
class Service:
    """A service and its one instance. Readers see it from `visible_at` on."""

    id: str
    name: str
    instance_id: str
    created_at: float
    visible_at: float
    updated_at: float
    template_id: str | None = None
    template_service_id: str | None = None
    repo: str | None = None
    branch: str | None = None
    image: str | None = None
    settings: dict[str, object] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    domains: list[Domain] = field(default_factory=list)
    volume: Volume | None = None
    deleted_at: float | None = None

    @property
    def has_source(self) -> bool:
        return bool(self.repo or self.image)

    @property
    def private_host(self) -> str:
        return f"{self.name.lower().replace(' ', '-')}.railway.internal"


@dataclass
class Project:
    """A project with its one environment.

    It is listed from `listed_at` on, announced as deleted from `deleted_at`, unreadable by id from
    `removed_at`, and unknown to `includeDeleted` from `forgotten_at`.
    """

    id: str
    name: str
    workspace_id: str
    environment_id: str
    created_at: float
    updated_at: float
    listed_at: float
    description: str = ""
    environment_name: str = PROJECT_ENVIRONMENT
    services: dict[str, Service] = field(default_factory=dict)
    shared_variables: dict[str, str] = field(default_factory=dict)
    deleted_at: float | None = None
    removed_at: float | None = None
    forgotten_at: float | None = None


@dataclass
class Workspace:
    id: str
    name: str
    created_at: float
    last_project_at: float | None = None


@dataclass
class Workflow:
    """A template being deployed; `outcome` is what becomes of it at `ends_at`."""

    id: str
    project_id: str
    ends_at: float
    outcome: str = "complete"
    message: str | None = None


@dataclass
class State:
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    port: int = 0

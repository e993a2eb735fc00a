"""What the tests of Keystone talk with: requests as a test says them, with the token that it says."""

from __future__ import annotations

from typing import Any

from oslearn import Cloud
from oslearn.core.config import Config

CONFIG = Config(password_hash_cost=16, flow="classic")
"""Services ask Keystone about each token: what it says counts at once."""
SERVICES = (
    "compute/v2.1/servers", "image/v2/images", "networking/v2.0/networks", "volume/v3/{}/volumes",
    "identity/v3/auth/catalog",
)  # fmt: skip


class Client:
    """Sends what a test says, with the token that a test says."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.session = cloud, cloud.connect("demo").session
        self.projects = {row["name"]: row["id"] for row in self.send("GET", "/projects", self.admin).json()["projects"]}

    def send(self, method: str, path: str, token: str | None = None, body: Any = None, **options: Any) -> Any:
        """The reply; a path that starts with a slash is Keystone's."""
        headers = options.pop("headers", {}) | ({"X-Auth-Token": token} if token else {})
        url = self.cloud.config.endpoint(f"identity/v3{path}" if path.startswith("/") else path)
        options |= {"json": body} if body is not None else {}
        return self.session.request(url, method, authenticated=False, raise_exc=False, headers=headers, **options)

    def login(self, user: str, password: str | None = None, project: str | None = "demo", **scope: Any) -> Any:
        """Ask for a token."""
        secret = password if password is not None else self.cloud.passwords[user]
        who = {"name": user, "password": secret, "domain": {"name": "Default"}}
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}} | scope
        if project:
            auth["scope"] = {"project": {"name": project, "domain": {"name": "Default"}}}
        return self.send("POST", "/auth/tokens", body={"auth": auth})

    def token(self, user: str, password: str | None = None, project: str = "demo") -> str:
        """A token that must be given."""
        reply = self.login(user, password, project)
        assert reply.status_code == 201, reply.text
        return str(reply.headers["X-Subject-Token"])

    @property
    def admin(self) -> str:
        """A new token of the admin's."""
        return self.token("admin", project="admin")

    def make(self, kind: str, **values: Any) -> str:
        """A new resource; returns its id."""
        made = self.send("POST", f"/{kind}s", self.admin, {kind: values})
        assert made.status_code == 201, made.text
        return str(made.json()[kind]["id"])

    def find(self, kinds: str, name: str) -> str:
        """The id of an account."""
        (row,) = self.send("GET", f"/{kinds}?name={name}", self.admin).json()[kinds]
        return str(row["id"])

    def user(self, name: str, *roles: str, password: str = "secret", project: str = "demo") -> str:
        """A new user with roles in a project; returns the id."""
        made = self.send("POST", "/users", self.admin, {"user": {"name": name, "password": password}})
        user_id = str(made.json()["user"]["id"])
        for role in roles:
            self.grant("PUT", user_id, role, project)
        return user_id

    def grant(self, method: str, user_id: str, role: str, project: str = "demo") -> None:
        """Give a role, or take it."""
        path = f"/projects/{self.projects[project]}/users/{user_id}/roles/{self.find('roles', role)}"
        assert self.send(method, path, self.admin).status_code == 204

    def accepted(self, token: str) -> set[int]:
        """What the services answer to a token."""
        paths = [path.format(self.projects["demo"]) for path in SERVICES]
        return {self.send("GET", path, token).status_code for path in paths}

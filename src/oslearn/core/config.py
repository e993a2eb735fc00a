"""Every setting there is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Config:
    """A cloud's settings; the comment names upstream's option.

    >>> Config(hosts=2).hosts
    2
    """

    flow: str = "current"
    """How a server boots: `current` as today, `classic` as in 2013."""
    hosts: int = 3
    """Compute hosts: compute1, compute2, ..."""
    network_host: str = "controller"
    """Where the agents run that are there once."""
    host_vcpus: int = 16
    host_memory_mb: int = 32768
    host_disk_gb: int = 400
    cpu_allocation_ratio: float = 4.0  # nova [DEFAULT]; upstream's initial_cpu_allocation_ratio
    ram_allocation_ratio: float = 1.0
    reserved_host_memory_mb: int = 512
    max_placement_results: int = 1000  # nova [scheduler]
    max_attempts: int = 3
    """How many hosts a build is tried on."""
    vif_plugging_is_fatal: bool = True  # nova [DEFAULT]
    vif_plugging_timeout: int = 300
    """Seconds that a build waits for Neutron to say that a port is plugged; 0 does not wait."""
    availability_zone: str = "nova"  # default_availability_zone
    region: str = "RegionOne"
    base_url: str = "http://127.0.0.1"
    """Where the one port answers; each API has a path below it, as in DevStack."""
    endpoints: dict[str, str] = field(default_factory=dict)
    """Services that answer elsewhere, by their path at the one port."""
    token_expiration: int = 3600  # keystone [token] expiration, seconds
    password_hash_cost: int = 2**12
    """scrypt's N. A cloud that keeps its data raises it."""
    base_mac: str = "fa:16:3e"  # neutron [DEFAULT]
    quota_instances: int = 10  # nova [quota]
    quota_cores: int = 20
    quota_ram: int = 51200
    quota_metadata_items: int = 128
    quota_ports: int = 500  # neutron [quotas]
    quota_networks: int = 100
    flavors: bool = True
    """Whether a new cloud has the flavors m1.nano to m1.large."""
    periodic_interval: int = 60  # oslo.service's DEFAULT_INTERVAL, seconds
    pace: float = 0.0
    """Seconds until what a request has asked for begins; 0 does it before the next answer."""
    trace_events: int | None = None
    """How many events the trace keeps; all if not set."""
    trace_bytes: int | None = None
    """And how many bytes of what crossed."""
    databases: dict[str, str] = field(default_factory=dict)
    """SQLAlchemy URLs by database."""
    database_dir: str | None = None
    """Where the other databases are SQLite files; in memory if not set."""

    # Only extensions read these.
    instance_build_timeout: int = 0
    """Seconds after which a build ends in ERROR though its message still waits; 0 waits for ever."""
    quota_injected_files: int = 5
    quota_injected_file_content_bytes: int = 10240
    quota_injected_file_path_bytes: int = 255
    quota_key_pairs: int = 100
    quota_server_groups: int = 10
    quota_server_group_members: int = 10
    quota_volumes: int = 10  # cinder [DEFAULT]
    quota_gigabytes: int = 1000
    quota_per_volume_gigabytes: int = -1  # per_volume_size_limit
    quota_snapshots: int = 10
    quota_backups: int = 10
    quota_backup_gigabytes: int = 1000
    quota_groups: int = 10
    image_size_cap: int = 1 << 30  # glance [DEFAULT], bytes
    image_member_quota: int = 128
    image_property_quota: int = 128
    image_tag_quota: int = 128
    max_instances_per_tenant: int = 10  # trove [DEFAULT]
    max_ram_per_tenant: int = -1
    max_volumes_per_tenant: int = 40
    max_backups_per_tenant: int = 50
    max_accepted_volume_size: int = 10
    novncproxy_base_url: str = "http://controller:6080/vnc_auto.html"  # nova [vnc]; nothing answers there
    image_dir: str | None = None
    """Where Glance keeps image data; in memory if not set."""
    object_dir: str | None = None
    """Where Swift keeps objects; in memory if not set."""

    @property
    def token_cache_time(self) -> int:
        """Seconds for which a service believes what Keystone said of a token; in 2013's flow each asks each time."""
        return 0 if self.flow == "classic" else 300

    def endpoint(self, service: str) -> str:
        """The root URL of a service's API: its own, or the path of its name at the one port.

        >>> Config().endpoint("compute")
        'http://127.0.0.1/compute'
        >>> Config(endpoints={"image": "http://storage:9292"}).endpoint("image/v2")
        'http://storage:9292/v2'
        """
        name, slash, rest = service.partition("/")
        return self.endpoints.get(name, f"{self.base_url}/{name}") + slash + rest

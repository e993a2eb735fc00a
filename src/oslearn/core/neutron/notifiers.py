"""What neutron-server tells others after a change, its agents over the bus and Nova over HTTP: once the change is
committed, and though the process is killed in between.

Interface: `Notifier(client, nova)`: `dhcp`, `l2`, `l3`, `nova_event`; the topics. `Outbox.transaction()`;
`later(session, send, ...)` inside it; `resend` for what an earlier process wrote and did not send.
Invariants: Nova's silence or refusal breaks nothing here; a message is written with the change that it tells of, and
its row goes once it is sent; it may be sent twice, so it says what is, not what is new. A database that ends with its
process needs no rows: nobody could read them.
Upstream: neutron/api/rpc/agentnotifiers/, neutron/plugins/ml2/rpc.py (`AgentNotifierApi`), neutron/notifiers/nova.py,
neutron_lib/agent/topics.py. There an agent asks for everything when it starts (which ours do as well), and what Nova
was to hear is lost; the pattern is known as transactional outbox. Left out: the objects that are pushed to every agent,
the batches of events.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.models import OutboxMessage
from oslearn.core.oslo import adapter
from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.messaging import RPCClient, Target

LOG = logging.getLogger(__name__)
PLUGIN, L3_PLUGIN = Target("q-plugin"), Target("q-l3-plugin")
"""neutron-rpc-server: what DHCP and Open vSwitch agents ask, and what L3 agents do, which are the extensions'."""
DHCP_AGENT, L3_AGENT = "dhcp_agent", "l3_agent"
"""One host's agent."""
PORT_UPDATE, PORT_DELETE = "q-agent-notifier-port-update", "q-agent-notifier-port-delete"
SECURITY_GROUP_UPDATE = "q-agent-notifier-security_group-update"
"""Every Open vSwitch agent."""


class Notifier:
    """One process's messages to the others. Without `nova` Nova hears nothing, as in 2013."""

    def __init__(self, client: RPCClient, nova: adapter.Client | None) -> None:
        self.client, self.nova = client, nova

    def dhcp(self, hosts: Iterable[str], method: str, **payload: object) -> None:
        """Tell the DHCP agents on these hosts: `port_create_end` and its like."""
        for host in hosts:
            self.client.cast(context(), Target(DHCP_AGENT, host), method, payload=payload)

    def l3(self, hosts: Iterable[str], method: str, **args: object) -> None:
        """Tell the L3 agents on these hosts what the extensions do: `routers_updated`, `router_deleted`."""
        for host in hosts:
            self.client.cast(context(), Target(L3_AGENT, host), method, **args)

    def l2(self, topic: str, method: str, **args: object) -> None:
        self.client.fanout(context(), topic, method, **args)

    def nova_event(self, name: str, server: str, port: str, **more: str) -> None:
        """`network-changed`, `network-vif-plugged`, ... of a server's port."""
        if self.nova is None:
            return
        event = {"server_uuid": server, "name": name, "tag": port} | more
        try:
            self.nova.request("POST", "/v2.1/os-server-external-events", body={"events": [event]})
        except adapter.TransportError as error:
            LOG.warning("Failed to notify nova on event %s: %s", event, error)


def context() -> RequestContext:
    """On whose behalf this process acts now."""
    serving = oslo_context.current.get()
    assert serving is not None, "a message is caused by a request or a message"
    return serving


Sender = Callable[..., None]


class Outbox:
    """Of one process. `senders` are the methods that a message may ask for; its row keeps their names."""

    def __init__(self, handle: Handle, senders: Iterable[Sender]) -> None:
        self.handle, self.senders = handle, {sender.__name__: sender for sender in senders}

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that is committed at the end; then the messages that `later` kept leave, in order."""
        with self.handle.session() as session:
            yield session
            messages: list[OutboxMessage] = session.info.pop("outbox", [])
            if not self.handle.private:  # else nobody could read them
                session.add_all(messages)
        self._send(messages)

    def later(self, session: Session, send: Sender, *args: object, **named: object) -> None:
        """Have a sender send once the change is committed."""
        message = OutboxMessage(name=send.__name__, args=[*args], named=named)
        session.info.setdefault("outbox", []).append(message)

    def _send(self, messages: list[OutboxMessage]) -> None:
        """Each is tried, whatever became of the others. Raises the first error, when all were tried."""
        errors, sent = [], []
        for message in messages:
            try:
                self.senders[message.name](*message.args, **message.named)
            except Exception as error:
                errors.append(error)
            else:
                sent += [message.id] if message.id else []
        if sent:
            self.handle.write(delete(OutboxMessage).where(OutboxMessage.id.in_(sent)))
        if errors:
            raise errors[0]

    def resend(self, context: RequestContext) -> None:
        """Send what is still there. What cannot be sent now stays for the next time."""
        if self.handle.private:
            return
        with self.handle.session() as session:
            left = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        token = oslo_context.current.set(context)
        try:
            self._send(left)
        except Exception as error:
            LOG.warning("Not all messages could be sent, they are tried again: %s", error)
        finally:
            oslo_context.current.reset(token)

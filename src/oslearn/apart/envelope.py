"""Messages as oslo.messaging writes them.

Interface: `sealed(told)`, `opened(body)`; `asked(message, id, reply_q)`, a call or a cast; `body(told)`, what was
asked; `answered(outcome, msg_id)`, a reply; `outcome(told)`, what was answered.
Upstream: oslo_messaging/_drivers/common.py (`serialize_msg`), amqp.py (`pack_context`), amqpdriver.py.
"""

from __future__ import annotations

import json
import uuid

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.messaging import RPC_RESPONSE_TIMEOUT

CONTEXT = "_context_"
CAUSE = "_trace"
"""The number of the event that sent the message; upstream osprofiler keeps its own in the context."""


def sealed(told: Body) -> str:
    """A message in its envelope."""
    return json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(told)})


def opened(body: bytes | str) -> Body:
    """What an envelope holds."""
    told: Body = json.loads(json.loads(body)["oslo.message"])
    return told


def asked(message: Body, id: str, reply_q: str | None) -> Body:
    """A call, which has a queue for its reply, or a cast: with the context's values beside the arguments.

    >>> asked({"method": "ping", "args": {}, "context": {"request_id": "req-1"}}, "abc", None)
    {'method': 'ping', 'args': {}, 'version': '1.0', '_context_request_id': 'req-1', '_unique_id': 'abc'}
    """
    told = {"method": message["method"], "args": message["args"], "version": "1.0"}
    told |= {f"{CONTEXT}{name}": value for name, value in message["context"].items()}
    told |= {CAUSE: message["cause"]} if "cause" in message else {}
    told |= {"_msg_id": id, "_reply_q": reply_q, "_timeout": RPC_RESPONSE_TIMEOUT} if reply_q else {}
    return told | {"_unique_id": id}


def body(told: Body) -> Body:
    """What was asked, as the bus of one process has it."""
    context = {name.removeprefix(CONTEXT): value for name, value in told.items() if name.startswith(CONTEXT)}
    return {"method": told["method"], "args": told["args"], "context": context, "cause": told.get(CAUSE)}


def answered(outcome: Body, msg_id: str) -> Body:
    """The reply to a call."""
    told = {"result": outcome.get("result"), "failure": outcome.get("failure"), "ending": True}
    told |= {CAUSE: outcome["cause"]} if "cause" in outcome else {}
    return told | {"_msg_id": msg_id, "_unique_id": uuid.uuid4().hex}


def outcome(told: Body) -> Body:
    """What was answered: a failure, or a result."""
    found = {"failure": told["failure"]} if told["failure"] else {"result": told["result"]}
    return found | ({"cause": told[CAUSE]} if CAUSE in told else {})

"""The messages of `proto/synap/v1`, in a descriptor pool of their own.

Published clients register the same package `synap.v1` in the default pool, where a second registration is an error; in a
pool of its own ours lives beside theirs in one process, whichever is imported first. So the committed form is the
descriptor (`synap_v1.binpb`, written by `make proto`), from which the classes are made here: what the compiler would
generate as Python goes to the default pool.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "synap.v1"
SERVICE = f"{PACKAGE}.SynapService"

_pool = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(
    files("synap.server.grpc").joinpath("synap_v1.binpb").read_bytes()
).file:
    _pool.Add(_file)


def message(name: str) -> Any:
    """Return the class of a message."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


StreamEvent = message("StreamEvent")
StreamResponse = message("StreamResponse")
EventAck = message("EventAck")
ConversationState = message("ConversationState")
HeartbeatPong = message("HeartbeatPong")
StreamSignal = message("StreamSignal")
ContextBundleProto = message("ContextBundleProto")
ContextItemProto = message("ContextItemProto")
ConversationContextProto = message("ConversationContextProto")
RecentTurnProto = message("RecentTurnProto")
TelemetryEvent = message("TelemetryEvent")
TelemetryAck = message("TelemetryAck")

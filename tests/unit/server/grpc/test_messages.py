"""The committed descriptor is that of the proto, and lives beside another registration of the package."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
OTHER = """
from google.protobuf import descriptor_pb2, descriptor_pool
file = descriptor_pb2.FileDescriptorProto(name="theirs.proto", package="synap.v1", syntax="proto3")
for name in ("StreamEvent", "EventAck", "ContextBundleProto"):
    file.message_type.add(name=name).field.add(name="theirs", number=1, type=9, label=1)
descriptor_pool.Default().Add(file)
assert descriptor_pool.Default().FindMessageTypeByName("synap.v1.EventAck").fields_by_name["theirs"]
"""
OURS = """
from synap.server.grpc.messages import EventAck
assert EventAck.FromString(EventAck(event_ids=["a"]).SerializeToString()).event_ids == ["a"]
"""


@pytest.mark.parametrize("script", [OURS + OTHER, OTHER + OURS], ids=["ours first", "theirs first"])
def test_another_registration_of_the_package_is_no_trouble(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter

    assert done.returncode == 0, done.stderr


def test_the_committed_descriptor_is_that_of_the_proto(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc", reason="grpcio-tools is not installed")
    written = tmp_path / "synap_v1.binpb"

    code = protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"--descriptor_set_out={written}", "synap/v1/synap.proto"])

    assert code == 0
    committed = files("synap.server.grpc").joinpath("synap_v1.binpb").read_bytes()
    assert written.read_bytes() == committed, "run `make proto`"

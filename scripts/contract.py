"""Compiles the contract in proto/ and writes what is generated from it.

``stubs`` writes the client's stubs and the server's descriptor set; ``lint`` runs ``buf lint`` on the compiled
contract. Both work offline: the rules file ``buf/validate/validate.proto`` is taken from the descriptor inside the
protovalidate package, and Google's common files from the descriptors of googleapis-common-protos, since these packages
ship no ``.proto`` of that name. The client's stubs are generated without the rules, so
that the client does not depend on protovalidate; the server's descriptor set keeps them and is what requests are
checked against.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
RULES_FILE = "buf/validate/validate.proto"
SERVER_CONTRACT = ROOT / "services" / "lodestock_server" / "contract" / "lodestock.binpb"
CLIENT = ROOT / "clients"
# Field 8042 (buf_extension) of buf's image file, holding {is_import: true}: how an image says "not ours to lint".
IS_IMPORT = bytes([0xD2, 0xF6, 0x03, 0x02, 0x08, 0x01])


def proto_files() -> list[str]:
    """Names of the contract's files, relative to proto/."""
    return sorted(path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto"))


def known_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """What the contract imports, each file after those that it imports itself."""
    known = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2, operations_pb2):
        add_with_imports(known, module.DESCRIPTOR)
    known.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return known


def add_with_imports(known: descriptor_pb2.FileDescriptorSet, file: FileDescriptor) -> None:
    """Add a file that is not there yet, what it imports first."""
    if any(held.name == file.name for held in known.file):
        return
    for imported in file.dependencies:
        add_with_imports(known, imported)
    file.CopyToProto(known.file.add())


def beside_python(program: str) -> Path:
    """A program of the environment that runs this script."""
    return Path(sys.executable).with_name(program)


def run_protoc(*arguments: str) -> None:
    """Run the protocol compiler of grpcio-tools."""
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True, cwd=ROOT)


def compile_contract() -> descriptor_pb2.FileDescriptorSet:
    """Compile proto/ with its imports, rules and comments."""
    with tempfile.TemporaryDirectory() as folder:
        known, compiled = Path(folder, "known.binpb"), Path(folder, "compiled.binpb")
        known.write_bytes(known_descriptors().SerializeToString(deterministic=True))
        # protoc reads a file from --proto_path before it looks into --descriptor_set_in, so both can be given.
        run_protoc(
            f"--descriptor_set_in={known}",
            f"--proto_path={PROTO}",
            f"--descriptor_set_out={compiled}",
            "--include_imports",
            "--include_source_info",
            *proto_files(),
        )
        return descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes())


def without_comments(contract: descriptor_pb2.FileDescriptorSet) -> descriptor_pb2.FileDescriptorSet:
    """The contract as the server carries it: its own files and the rules; Google's come with the packages."""
    bare = descriptor_pb2.FileDescriptorSet()
    bare.file.extend(file for file in contract.file if not file.name.startswith("google/"))
    for file in bare.file:
        file.ClearField("source_code_info")
    return bare


def without_rules(contract: descriptor_pb2.FileDescriptorSet) -> descriptor_pb2.FileDescriptorSet:
    """The contract as the client carries it: no rules, no import of the rules file."""
    free = descriptor_pb2.FileDescriptorSet()
    free.file.extend(file for file in contract.file if file.name != RULES_FILE)
    for file in free.file:
        if RULES_FILE not in file.dependency:
            continue
        file.dependency.remove(RULES_FILE)
        # The rules are extensions that descriptor_pb2 does not know, so they are unknown fields of the options.
        file.DiscardUnknownFields()
        for message in file.message_type:
            clear_empty_options(message)
    return free


def clear_empty_options(message: descriptor_pb2.DescriptorProto) -> None:
    """Drop options that hold nothing once the rules are gone."""
    for part in options_holders(message):
        if part.HasField("options") and not part.options.ByteSize():
            part.ClearField("options")
    for nested in message.nested_type:
        clear_empty_options(nested)


def options_holders(
    message: descriptor_pb2.DescriptorProto,
) -> Iterator[
    descriptor_pb2.DescriptorProto | descriptor_pb2.FieldDescriptorProto | descriptor_pb2.OneofDescriptorProto
]:
    """The parts of a message that can carry rules."""
    yield message
    yield from message.field
    yield from message.oneof_decl


def canonical_bytes(message: Message) -> bytes:
    """Bytes that are equal where the messages are."""
    return message.SerializeToString(deterministic=True)


def write_stubs(contract: descriptor_pb2.FileDescriptorSet) -> None:
    """Write the client's stubs and the server's descriptor set."""
    SERVER_CONTRACT.parent.mkdir(parents=True, exist_ok=True)
    SERVER_CONTRACT.write_bytes(canonical_bytes(without_comments(contract)))
    for stub in (CLIENT / "lodestock" / "v1").glob("*_pb2*"):
        stub.unlink()
    with tempfile.TemporaryDirectory() as folder:
        client_contract = Path(folder, "client.binpb")
        client_contract.write_bytes(canonical_bytes(without_rules(contract)))
        source = f"--descriptor_set_in={client_contract}"
        run_protoc(
            source,
            f"--plugin=protoc-gen-mypy={beside_python('protoc-gen-mypy')}",
            f"--python_out={CLIENT}",
            f"--mypy_out=quiet:{CLIENT}",
            *proto_files(),
        )
        run_protoc(
            source,
            f"--plugin=protoc-gen-mypy_grpc={beside_python('protoc-gen-mypy_grpc')}",
            f"--grpc_python_out={CLIENT}",
            f"--mypy_grpc_out=quiet:{CLIENT}",
            *(file.name for file in contract.file if file.service and file.name in proto_files()),
        )


def lint_contract(contract: descriptor_pb2.FileDescriptorSet) -> int:
    """Run ``buf lint`` on the compiled contract."""
    marked = descriptor_pb2.FileDescriptorSet()
    marked.CopyFrom(contract)
    for file in marked.file:
        if file.name not in proto_files():
            file.MergeFromString(IS_IMPORT)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "lodestock.binpb")
        image.write_bytes(marked.SerializeToString())
        return subprocess.run(
            [beside_python("buf"), "lint", image, "--config", ROOT / "buf.yaml"], check=False
        ).returncode


def main(arguments: list[str]) -> int:
    """Do what the command line asks."""
    match arguments:
        case ["stubs"]:
            write_stubs(compile_contract())
            return 0
        case ["lint"]:
            return lint_contract(compile_contract())
        case _:
            print("usage: contract.py stubs|lint", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

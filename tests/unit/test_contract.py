"""What is generated from proto/ is what proto/ says now."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]


def load_generator() -> ModuleType:
    """The script behind ``make stubs``."""
    spec = importlib.util.spec_from_file_location("contract", ROOT / "scripts" / "contract.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["contract"] = module
    spec.loader.exec_module(module)
    return module


@cache
def compiled() -> Any:
    """The contract, compiled from proto/ now."""
    return load_generator().compile_contract()


def files() -> list[str]:
    """Names of the contract's files."""
    return list(load_generator().proto_files())


def stub_of(file: str, kind: str) -> ModuleType:
    """A generated module of a file."""
    return importlib.import_module(file.removesuffix(".proto").replace("/", ".") + kind)


def by_name(contract: Any) -> dict[str, Any]:
    """The files of a descriptor set."""
    return {file.name: file for file in contract.file}


@pytest.mark.parametrize("file", files())
def test_messages_of_the_client_are_those_of_proto(file: str) -> None:
    """The descriptors in the client's stubs equal the compiled ones without rules and comments."""
    generator = load_generator()
    expected = by_name(generator.without_comments(generator.without_rules(compiled())))[file]
    actual = descriptor_pb2.FileDescriptorProto()
    stub_of(file, "_pb2").DESCRIPTOR.CopyToProto(actual)
    assert actual == expected, "run make stubs"


def test_contract_of_the_server_is_that_of_proto() -> None:
    """The server's descriptor set equals the compiled one."""
    generator = load_generator()
    carried = descriptor_pb2.FileDescriptorSet.FromString(generator.SERVER_CONTRACT.read_bytes())
    expected = by_name(generator.without_comments(compiled()))
    ours = [name for name in by_name(carried) if name.startswith("lodestock/")]
    assert sorted(ours) == files()
    for name in ours:
        assert by_name(carried)[name] == expected[name], "run make stubs"


class RecordingChannel:
    """A channel that notes which methods a stub asks for."""

    def __init__(self) -> None:
        self.methods: dict[str, Any] = {}

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> object:
        """Note a method."""
        self.methods[path] = response_deserializer.__self__
        return object()

    unary_stream = unary_unary


@pytest.mark.parametrize("file", [file.name for file in compiled().file if file.service and file.name in files()])
def test_stubs_call_every_method(file: str) -> None:
    """Each stub has every method of its service, with the right path and answer."""
    for service in by_name(compiled())[file].service:
        channel = RecordingChannel()
        getattr(stub_of(file, "_pb2_grpc"), f"{service.name}Stub")(channel)
        wanted = {f"/lodestock.v1.{service.name}/{method.name}": method.output_type[1:] for method in service.method}
        called = {path: response.DESCRIPTOR.full_name for path, response in channel.methods.items()}
        assert called == wanted


@pytest.mark.parametrize("file", files())
def test_type_stubs_have_every_field(file: str) -> None:
    """The .pyi files, which only type checkers read, name every message and field."""
    pyi = Path(str(stub_of(file, "_pb2").__file__)).with_suffix(".pyi")
    classes = {
        node.name: node for node in ast.parse(pyi.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
    }
    for message in by_name(compiled())[file].message_type:
        names = {
            node.target.id
            for node in ast.walk(classes[message.name])
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        } | {node.name for node in ast.walk(classes[message.name]) if isinstance(node, ast.FunctionDef)}
        assert {field.name for field in message.field} <= names, message.name

"""AWS JSON, CBOR and AWS Query as a server speaks them: requests in, answers and refusals out, by the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import cbor2
import msgspec

from slipway.api.errors import ApiError
from slipway.wire.errors import json_error, missing_parameter, query_error
from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.models import WireService
from slipway.wire.parse import Form, Parse, ShapeParsers
from slipway.wire.parse_cbor import CborForm, read_cbor
from slipway.wire.parse_json import JsonForm, read_json
from slipway.wire.parse_query import QueryForm
from slipway.wire.required import RequiredMembers
from slipway.wire.serialise_json import DocumentSerialisers, Encode, cbor_leaf, json_leaf
from slipway.wire.serialise_query import Write, XmlSerialisers, escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer but for its length."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class WireProtocol(Protocol):
    """One service in one protocol."""

    service: WireService

    def parse(self, operation: str, content: Any) -> dict[str, Any]:
        """The parameters of a request in AWS's member names; timestamps are epoch seconds, blobs are bytes.

        `content` is the body in AWS JSON and CBOR, the tree of the form in AWS Query. Raises `ApiError` for a body that
        can not be read, a member of the wrong type, or a required member that is missing.
        """

    def answer(self, operation: str, result: Mapping[str, Any], request_id: str) -> Answer:
        """A handler's answer. Raises `AssertionError` where it does not fit the model: our own fault."""

    def refuse(self, error: ApiError, request_id: str) -> Answer:
        """An error. Raises `AssertionError` where its code is not one of the service: our own fault."""


class RequestParser:
    """Reads requests by one form: types first, then what is required; compiled at an operation's first request."""

    def __init__(self, service: WireService, form: Form) -> None:
        self._service = service
        self._parsers = ShapeParsers(form)
        self._required = RequiredMembers()
        self._operations: dict[str, tuple[Parse, Callable[[Any], list[str]]]] = {}

    def parse(self, operation: str, document: Any) -> dict[str, Any]:
        """See `WireProtocol.parse`; `document` is the value as the form reads it."""
        parse, missing = self._operations.get(operation) or self._compile(operation)
        try:
            params: dict[str, Any] = parse(document)
        except ShapeMismatch as mismatch:
            raise ApiError("SerializationException", f"{mismatch}.") from None
        except RecursionError:
            raise ApiError("SerializationException", "The request is nested too deeply.") from None
        if places := missing(params):
            raise missing_parameter(self._service, places)
        return params

    def _compile(self, operation: str) -> tuple[Parse, Callable[[Any], list[str]]]:
        shape = self._service.operations[operation].input_shape
        if shape is None:
            compiled: tuple[Parse, Callable[[Any], list[str]]] = (lambda document: {}, lambda params: [])
        else:
            compiled = (self._parsers.parser(shape), self._required.check(shape))
        self._operations[operation] = compiled
        return compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How a document of plain values is written: AWS JSON, or CBOR."""

    form: Form
    read: Callable[[bytes], Any]  # raises `ShapeMismatch`
    write: Callable[[Any], bytes]
    leaf: Callable[[Any], Encode]
    headers: tuple[tuple[bytes, bytes], ...]
    # The name of an error, from that of its service and of its shape.
    error_type: Callable[[str, str], str]
    # Whether an operation without a result is answered by an empty document, not by nothing.
    has_empty_results: bool


def json_protocol(service: WireService) -> "DocumentProtocol":
    """AWS JSON 1.0 and 1.1."""
    coding = Coding(
        form=JsonForm(),
        read=read_json,
        write=msgspec.json.encode,
        leaf=json_leaf,
        headers=((b"content-type", f"application/x-amz-json-{service.json_version}".encode()),),
        error_type=lambda _, name: name,
        has_empty_results=True,
    )
    return DocumentProtocol(service, coding)


def cbor_protocol(service: WireService) -> "DocumentProtocol":
    """Smithy RPC v2 CBOR."""
    coding = Coding(
        form=CborForm(),
        read=read_cbor,
        write=cbor2.dumps,
        leaf=cbor_leaf,
        headers=((b"content-type", b"application/cbor"), (b"smithy-protocol", b"rpc-v2-cbor")),
        error_type=lambda owner, name: f"com.amazonaws.{owner}#{name}" if owner else name,
        has_empty_results=False,
    )
    return DocumentProtocol(service, coding)


class DocumentProtocol:
    """A service in a coding; see `WireProtocol`."""

    def __init__(self, service: WireService, coding: Coding) -> None:
        self.service = service
        self._coding = coding
        self._requests = RequestParser(service, coding.form)
        self._serialisers = DocumentSerialisers(coding.leaf)
        self._operations: dict[str, Encode | None] = {}

    def parse(self, operation: str, content: Any) -> dict[str, Any]:
        """The parameters in a body."""
        try:
            document = self._coding.read(content)
        except ShapeMismatch as mismatch:
            raise ApiError("SerializationException", f"{mismatch}.") from None
        return self._requests.parse(operation, document)

    def answer(self, operation: str, result: Mapping[str, Any], request_id: str) -> Answer:
        """Status 200 and the result."""
        if operation not in self._operations:
            self._compile(operation)
        encode = self._operations[operation]
        request = (b"x-amzn-requestid", request_id.encode())
        if encode is None:
            headers = tuple(header for header in self._coding.headers if header[0] != b"content-type")
            return Answer(status=200, headers=(*headers, request), body=b"")
        try:
            body = self._coding.write(encode(result))
        except ShapeMismatch as mismatch:
            raise AssertionError(f"The answer of {operation} does not fit its model: {mismatch}") from mismatch
        return Answer(status=200, headers=(*self._coding.headers, request), body=body)

    def refuse(self, error: ApiError, request_id: str) -> Answer:
        """`{"__type": code, "message": …}` and the error's further members, with the code in a header too."""
        wire_error = json_error(self.service, error)
        shape = wire_error.shape
        fields = self._serialisers.serialiser(shape)(error.fields) if shape else {}
        name = shape.name if shape else wire_error.code
        kind = self._coding.error_type(self.service.name, name)
        body = self._coding.write({"__type": kind, _message_of(shape): error.message, **fields})
        headers = [
            *self._coding.headers,
            (b"x-amzn-requestid", request_id.encode()),
            (b"x-amzn-errortype", name.encode()),
        ]
        if self.service.is_query_compatible:
            sender = "Sender" if wire_error.is_sender_fault else "Receiver"
            headers.append((b"x-amzn-query-error", f"{wire_error.code};{sender}".encode()))
        return Answer(status=wire_error.status, headers=tuple(headers), body=body)

    def _compile(self, operation: str) -> None:
        shape = self.service.operations[operation].output_shape
        if shape:
            self._operations[operation] = self._serialisers.serialiser(shape)
        else:
            self._operations[operation] = (lambda result: {}) if self._coding.has_empty_results else None


def _message_of(shape: Any) -> str:
    """The member of an error's shape that is its sentence: `message`, or `Message`."""
    return next((name for name in shape.members if name.lower() == "message"), "message") if shape else "message"


class QueryProtocol:
    """AWS Query, which answers in XML; see `WireProtocol`."""

    def __init__(self, service: WireService) -> None:
        self.service = service
        self._requests = RequestParser(service, QueryForm())
        self._serialisers = XmlSerialisers()
        self._operations: dict[str, Write] = {}
        self._namespace = f' xmlns="{service.xml_namespace}"' if service.xml_namespace else ""

    def parse(self, operation: str, content: Any) -> dict[str, Any]:
        """The parameters in the tree of a form."""
        return self._requests.parse(operation, content)

    def answer(self, operation: str, result: Mapping[str, Any], request_id: str) -> Answer:
        """Status 200 and `<OpResponse><OpResult>…</OpResult><ResponseMetadata>…</OpResponse>`."""
        write = self._operations.get(operation) or self._compile(operation)
        out = [f"<{operation}Response{self._namespace}>"]
        try:
            write(out, result)
        except ShapeMismatch as mismatch:
            raise AssertionError(f"The answer of {operation} does not fit its model: {mismatch}") from mismatch
        out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>")
        return _xml_answer(200, out, request_id)

    def refuse(self, error: ApiError, request_id: str) -> Answer:
        """`<ErrorResponse><Error><Type>Sender</Type><Code>…</Code><Message>…</Message></Error>…`."""
        wire_error = query_error(self.service, error)
        out = [
            f"<ErrorResponse{self._namespace}><Error>",
            f"<Type>{'Sender' if wire_error.is_sender_fault else 'Receiver'}</Type>",
            f"<Code>{wire_error.code}</Code><Message>{escape(error.message)}</Message>",
        ]
        if wire_error.shape:
            self._serialisers.serialiser(wire_error.shape)(out, error.fields)
        out.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
        return _xml_answer(wire_error.status, out, request_id)

    def _compile(self, operation: str) -> Write:
        shape = self.service.operations[operation].output_shape
        self._operations[operation] = self._result_writer(shape) if shape else lambda out, result: None
        return self._operations[operation]

    def _result_writer(self, shape: Any) -> Write:
        write_members = self._serialisers.serialiser(shape)
        wrapper = shape.serialization.get("resultWrapper")
        start, end = (f"<{wrapper}>", f"</{wrapper}>") if wrapper else ("", "")

        def write(out: list[str], result: Any) -> None:
            out.append(start)
            write_members(out, result)
            out.append(end)

        return write


def _xml_answer(status: int, out: list[str], request_id: str) -> Answer:
    headers = ((b"content-type", b"text/xml"), (b"x-amzn-requestid", request_id.encode()))
    return Answer(status=status, headers=headers, body="".join(out).encode())

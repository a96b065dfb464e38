"""What a node can do: its version and its methods; a cheap question without rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from kurrent_conn.wire.malformed import MalformedMessage
from kurrent_conn.wire.protos import server_features_pb2

GET_SUPPORTED_METHODS: Final = (
    "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"
)
"""The path of the call, unary; a 20.10 node answers UNIMPLEMENTED.

Source: server, `Services/Transport/Grpc/ServerFeatures.cs`: nobody's rights are
checked.
"""

GET_SUPPORTED_METHODS_REQUEST: Final = b""
"""The request, serialised: an empty message."""


@dataclass(frozen=True, slots=True)
class SupportedMethod:
    """One method that a node serves, named in lower case as the server does.

    Args:
        service: The full name of the service.
        method: The name of the method.
        features: What of it is supported, such as `all` or `deadline_duration`.
    """

    service: str
    method: str
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerFeatures:
    """What one node answered.

    Args:
        version: Three numbers, such as `26.1.0`.
        methods: What it serves, in the order of the answer.
    """

    version: str
    methods: tuple[SupportedMethod, ...] = ()

    def supports(self, service: str, method: str, feature: str = "") -> bool:
        """Whether a method, and a feature of it, is there; case does not matter.

        Args:
            service: The full name of the service.
            method: The name of the method.
            feature: The name of a feature; empty asks for the method alone.
        """
        return any(
            (offered.service, offered.method) == (service.lower(), method.lower())
            and (not feature or feature in offered.features)
            for offered in self.methods
        )


def decode_supported_methods(answer: bytes) -> ServerFeatures:
    """Read the answer.

    Args:
        answer: The answer, serialised.

    Raises:
        MalformedMessage: The bytes are no `SupportedMethods`.
    """
    try:
        message = server_features_pb2.SupportedMethods.FromString(answer)
    except DecodeError as error:
        raise MalformedMessage("SupportedMethods", len(answer), str(error)) from error
    return ServerFeatures(
        version=message.event_store_server_version,
        methods=tuple(
            SupportedMethod(
                entry.service_name.lower(),
                entry.method_name.lower(),
                tuple(entry.features),
            )
            for entry in message.methods
        ),
    )


def encode_supported_methods(features: ServerFeatures) -> bytes:
    """Write the answer.

    Args:
        features: What the node is to claim.
    """
    return server_features_pb2.SupportedMethods(
        event_store_server_version=features.version,
        methods=[
            server_features_pb2.SupportedMethod(
                method_name=offered.method,
                service_name=offered.service,
                features=offered.features,
            )
            for offered in features.methods
        ],
    ).SerializeToString()

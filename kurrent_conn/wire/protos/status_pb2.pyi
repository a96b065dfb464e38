from google.protobuf import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Status(_message.Message):
    __slots__ = ("code", "message", "details")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...

class ErrorInfo(_message.Message):
    __slots__ = ("reason", "domain", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REASON_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    reason: str
    domain: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, reason: _Optional[str] = ..., domain: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class NotLeaderNodeErrorDetails(_message.Message):
    __slots__ = ("current_leader",)
    class NodeInfo(_message.Message):
        __slots__ = ("host", "port", "node_id")
        HOST_FIELD_NUMBER: _ClassVar[int]
        PORT_FIELD_NUMBER: _ClassVar[int]
        NODE_ID_FIELD_NUMBER: _ClassVar[int]
        host: str
        port: int
        node_id: str
        def __init__(self, host: _Optional[str] = ..., port: _Optional[int] = ..., node_id: _Optional[str] = ...) -> None: ...
    CURRENT_LEADER_FIELD_NUMBER: _ClassVar[int]
    current_leader: NotLeaderNodeErrorDetails.NodeInfo
    def __init__(self, current_leader: _Optional[_Union[NotLeaderNodeErrorDetails.NodeInfo, _Mapping]] = ...) -> None: ...

class StreamRevisionConflictErrorDetails(_message.Message):
    __slots__ = ("stream", "expected_revision", "actual_revision")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_REVISION_FIELD_NUMBER: _ClassVar[int]
    stream: str
    expected_revision: int
    actual_revision: int
    def __init__(self, stream: _Optional[str] = ..., expected_revision: _Optional[int] = ..., actual_revision: _Optional[int] = ...) -> None: ...

class StreamNamedErrorDetails(_message.Message):
    __slots__ = ("stream",)
    STREAM_FIELD_NUMBER: _ClassVar[int]
    stream: str
    def __init__(self, stream: _Optional[str] = ...) -> None: ...

class AppendConsistencyViolationErrorDetails(_message.Message):
    __slots__ = ("violations",)
    class Violation(_message.Message):
        __slots__ = ("check_index", "stream_state")
        class StreamStateViolation(_message.Message):
            __slots__ = ("stream", "expected_state", "actual_state")
            STREAM_FIELD_NUMBER: _ClassVar[int]
            EXPECTED_STATE_FIELD_NUMBER: _ClassVar[int]
            ACTUAL_STATE_FIELD_NUMBER: _ClassVar[int]
            stream: str
            expected_state: int
            actual_state: int
            def __init__(self, stream: _Optional[str] = ..., expected_state: _Optional[int] = ..., actual_state: _Optional[int] = ...) -> None: ...
        CHECK_INDEX_FIELD_NUMBER: _ClassVar[int]
        STREAM_STATE_FIELD_NUMBER: _ClassVar[int]
        check_index: int
        stream_state: AppendConsistencyViolationErrorDetails.Violation.StreamStateViolation
        def __init__(self, check_index: _Optional[int] = ..., stream_state: _Optional[_Union[AppendConsistencyViolationErrorDetails.Violation.StreamStateViolation, _Mapping]] = ...) -> None: ...
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    violations: _containers.RepeatedCompositeFieldContainer[AppendConsistencyViolationErrorDetails.Violation]
    def __init__(self, violations: _Optional[_Iterable[_Union[AppendConsistencyViolationErrorDetails.Violation, _Mapping]]] = ...) -> None: ...

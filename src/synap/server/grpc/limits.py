"""What one stream may take and keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Bounds of one stream.

    Attributes:
        ack_seconds: An event is acknowledged this long after it came, or later. A published client notes an event as sent
            after it has written it; an acknowledgement that comes before that is lost.
        events: Events that are read and not yet acknowledged; further ones wait in the connection.
        event_bytes: Their size together, but for one that is alone.
        writers: Conversations whose turns are written at a time.
        signals, bundles: What waits to be sent; the oldest is dropped for the newest, and counted.
        kept_bundles: Bundles sent that are looked after; as many as a published client keeps.
        stalled_seconds: A client that takes nothing for so long while something waits for it loses the stream.
        finish_seconds: What an ending stream may take to finish what it has in hand; published clients wait two seconds.
        close_seconds: What the server may take to close after its streams have ended; then it is left as it is.
        linger_seconds: What turns in hand may take after their stream has gone.
        renew_seconds: Between two looks at the bundles that were sent.
        watch_seconds: For how long after its last turn a conversation's compactions are looked for.
        check_seconds: Between two looks at whether the key still holds.
        signal_seconds: Between two signals that the store does not answer.
    """

    ack_seconds: float = 0.05
    events: int = 256
    event_bytes: int = 16 * 1024 * 1024
    writers: int = 4
    signals: int = 64
    bundles: int = 16
    kept_bundles: int = 100
    stalled_seconds: float = 30.0
    finish_seconds: float = 1.5
    close_seconds: float = 20.0
    linger_seconds: float = 10.0
    renew_seconds: float = 2.0
    watch_seconds: float = 600.0
    check_seconds: float = 30.0
    signal_seconds: float = 2.0

"""A client that dies before it takes an acknowledgement; `test_sdk_stream.py` runs it and looks into its journal.

python losing_client.py CONVERSATION USER CUSTOMER TURNS
"""

import asyncio
import os
import signal
import sys

from maximem_synap import MaximemSynapSDK


async def main(talk: str, user: str, customer: str | None, turns: int) -> None:
    """Stream turns, wait until the server has them all, and be killed."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()
    await sdk.instance.listen()
    # Deaf to acknowledgements: they arrive, and are not noted.
    sdk._grpc_transport._handle_event_ack = lambda _: None
    for number in range(turns):
        await sdk.instance.send_message(f"Turn {number}.", conversation_id=talk, user_id=user, customer_id=customer)
    for _ in range(200):
        prompt = await sdk.conversation.context.get_context_for_prompt(talk)
        if prompt.total_message_count == turns:
            break
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    talk, user, customer, turns = sys.argv[1:]
    asyncio.run(main(talk, user, customer or None, int(turns)))

"""The basics by the oldest published client (0.4.4); `test_old_client.py` runs it and reads what it prints, as JSON.

python old_client.py USER CUSTOMER OTHER_USER
"""

import asyncio
import json
import sys
import uuid
from typing import Any

from maximem_synap import AuthenticationError, MaximemSynapSDK, __version__


async def main(user: str, customer: str | None, other: str) -> dict[str, Any]:
    """Create, follow, read, update, delete and fetch; record and read a conversation."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()

    async def remember(text: str, **owner: str | None) -> Any:
        made = await sdk.memories.create(document=text, **owner)
        for _ in range(300):
            status = await sdk.memories.status(made.ingestion_id)
            if status.status.value in {"completed", "failed", "partial_success"}:
                return status
            await asyncio.sleep(0.1)
        raise TimeoutError(text)

    done = await remember("User: My cat is called Biscuit.", user_id=user, customer_id=customer)
    await remember("Release 3.2 adds a bulk CSV import.", document_type="document")
    memory = await sdk.memories.get(uuid.UUID(done.memory_ids[0]))
    fetched = await sdk.user.context.fetch(user_id=user, customer_id=customer, search_query=["cat"])
    unasked = await sdk.user.context.fetch(user_id=user, customer_id=customer)
    others = await sdk.user.context.fetch(user_id=other, customer_id=customer, search_query=["cat Biscuit"])
    client = await sdk.client.context.fetch(search_query=["CSV import"])
    updated = await sdk.memories.update(memory.memory_id, "The cat is called Waffle.", merge_strategy="replace")
    renamed = await sdk.user.context.fetch(user_id=user, customer_id=customer, search_query=["cat"])
    deleted = await sdk.memories.delete(memory.memory_id)
    gone = await sdk.user.context.fetch(user_id=user, customer_id=customer, search_query=["cat"])

    talk = str(uuid.uuid4())
    # This client insists on a customer here, and hands on what it is given.
    for role, text in (("user", "I am moving to Porto."), ("assistant", "Good luck in Porto.")):
        await sdk.conversation.record_message(
            conversation_id=talk, role=role, content=text, user_id=user, customer_id=customer or ""
        )
    prompt = await sdk.conversation.context.get_context_for_prompt(conversation_id=talk)

    refused = False
    stranger = MaximemSynapSDK(api_key="synap_wrong", _force_new=True)
    await stranger.initialize()
    try:
        await stranger.client.context.fetch(search_query=["CSV"])
    except AuthenticationError:
        refused = True
    await stranger.shutdown()
    await sdk.shutdown()

    def told(answer: Any) -> list[str]:
        return [fact.content for fact in answer.facts]

    return {
        "version": __version__,
        "status": done.status.value,
        "memories": done.memories_created,
        "content": memory.content,
        "fetched": told(fetched),
        "unasked": told(unasked),
        "others": told(others),
        "client": told(client),
        "updated": str(updated.memory_id) == str(memory.memory_id),
        "renamed": told(renamed),
        "deleted": bool(deleted),
        "gone": told(gone),
        "turns": [(message.role, message.content) for message in prompt.recent_messages],
        "refused": refused,
    }


if __name__ == "__main__":
    user, customer, other = sys.argv[1:]
    sys.stdout.write(json.dumps(asyncio.run(main(user, customer or None, other))))

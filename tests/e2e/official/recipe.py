"""The multi-tenant recipe of the published guide, on the published client: the same calls with the same arguments.

python recipe.py CUSTOMER USER OTHER_USER OTHER_CUSTOMER

The client is made without an argument; where the server is, the surroundings tell. In place of a language model stands one
that writes down what it was told; `test_recipe.py` reads that as JSON, a line for each turn.
"""

import asyncio
import json
import sys
import uuid

from maximem_synap import InvalidInputError, MaximemSynapSDK

sdk = MaximemSynapSDK()


async def call_your_llm(system_prompt: str, user_message: str) -> str:
    """Write down the prompt, and answer without adding anything to know."""
    sys.stdout.write(json.dumps({"asked": user_message, "told": system_prompt}) + "\n")
    return "I see."


async def onboard_customer(customer_id: str, playbook_text: str) -> None:
    """Hand in a customer's playbook, for all its users."""
    await sdk.memories.create(
        document=playbook_text,
        document_type="document",
        customer_id=customer_id,
        metadata={"source": "onboarding_playbook"},
    )


async def handle_turn(customer_id: str, user_id: str, conversation_id: str, user_message: str) -> str:
    """Answer a user's message: fetch by the conversation alone, tell the scopes apart by `source`, hand the exchange in."""
    context = await sdk.conversation.context.fetch(
        conversation_id=conversation_id, search_query=[user_message], max_results=10
    )
    known = {
        scope: "\n".join(f"- {fact.content}" for fact in context.facts if fact.source.startswith(scope))
        for scope in ("user", "customer")
    }
    prompt = f"Organisation:\n{known['customer'] or '(none)'}\n\nUser:\n{known['user'] or '(none)'}"
    reply = await call_your_llm(prompt, user_message)
    await sdk.memories.create(
        document=f"User: {user_message}\nAssistant: {reply}",
        document_type="ai-chat-conversation",
        user_id=user_id,
        customer_id=customer_id,
        metadata={"conversation_id": conversation_id},
    )
    return reply


async def main(customer: str, user: str, other_user: str, other_customer: str) -> None:
    """Take a customer on, hold a conversation of two turns with each of three people, and forget a customer's id once."""
    await sdk.initialize()
    await onboard_customer(customer, "Refunds above 500 euros need the approval of a team lead.")
    talks = [
        (customer, user, str(uuid.uuid4()), "I look after the refunds of the Nordic shops."),
        (customer, other_user, str(uuid.uuid4()), "My desk is in Turin."),
        (other_customer, user, str(uuid.uuid4()), "I am new here."),
    ]
    for *owner, message in talks:
        await handle_turn(*owner, message)
    await asyncio.sleep(3)
    for *owner, _ in talks:
        await handle_turn(*owner, "Who has to approve large refunds of the Nordic shops?")
    try:
        await sdk.memories.create(document="User: Who am I?", user_id=user)
    except InvalidInputError as error:
        sys.stdout.write(json.dumps({"refused": str(error)}) + "\n")
    await sdk.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

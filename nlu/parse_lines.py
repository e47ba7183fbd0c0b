"""Reads one JSON message a line, writes one JSON understanding a line: `python parse_lines.py MODEL`.

It lets the other environment measure the model without a server: ``{"text": …}`` in, ``{"intent", "confidence",
"topic", "topic_confidence", "entities", "ms"}`` out (milliseconds of the parse alone). The first line out is
``{"ready": true}``.
"""

import asyncio
import json
import sys
import time

from rasa.core.agent import Agent


async def main(model: str) -> None:
    agent = Agent.load(model)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        parsed = await agent.parse_message(json.loads(line)["text"])
        milliseconds = (time.perf_counter() - started) * 1000
        intent = parsed["intent"]
        if intent["name"] == "nlu_fallback" and len(parsed["intent_ranking"]) > 1:
            intent = parsed["intent_ranking"][1]
        response = parsed.get("response_selector", {}).get("default", {}).get("response", {})
        print(
            json.dumps(
                {
                    "intent": intent["name"],
                    "fallback": parsed["intent"]["name"] == "nlu_fallback",
                    "confidence": intent["confidence"],
                    "topic": (response.get("intent_response_key") or "").partition("/")[2] or None,
                    "topic_confidence": response.get("confidence"),
                    "entities": [{"entity": e["entity"], "value": e["value"]} for e in parsed["entities"]],
                    "ms": milliseconds,
                },
                ensure_ascii=False,
            ),
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

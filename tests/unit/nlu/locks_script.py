"""Run by the interpreter of ``nlu/``: two processes of Rasa on one Redis, which is killed at the end.

``python locks_script.py URL PID``: one JSON object out.
"""

import asyncio
import json
import os
import signal
import sys

from serving.locks import Locks


async def main(url: str, server: int) -> None:
    first, second = Locks(url=url), Locks(url=url)
    order = []

    async def answer(locks: Locks, number: int) -> None:
        async with locks.lock("c1", lock_lifetime=5):
            order.append(number)
            await asyncio.sleep(0.05)
            order.append(number)

    await asyncio.gather(*(answer((first, second)[number % 2], number) for number in range(6)))
    async with first.lock("c1", lock_lifetime=0.3):
        pass  # the end of a lock that was let go holds nobody
    async with first.lock("c5", lock_lifetime=0.3):
        await asyncio.sleep(0.5)
        kept = bool(await first._redis.exists("equipier:dialogue:c5"))  # a long answer keeps its lock
    dead = await first._take("c2", 0.3, 0.02)  # its process was killed
    async with second.lock("c2", lock_lifetime=5):
        taken_over = bool(dead)
    async with first.lock("c3"):
        os.kill(server, signal.SIGKILL)  # what is being answered is answered
    async with first.lock("c3"), second.lock("c4"):
        alone = True
    whole = all(order[n] == order[n + 1] for n in range(0, len(order), 2))
    print(json.dumps({"whole": whole, "answered": len(order), "kept": kept, "taken_over": taken_over, "alone": alone}))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))

"""Run by the interpreter of ``nlu/``: what Rasa does with its file of events.

``python event_file_script.py PATH [robbed]``: each line of standard input is an event; a line out once it is written.
``checkpoint`` is none: what is in SQLite's log goes to the file, as it does now and then.
"""

import os
import sys

from serving.event_file import EventFile


class Robbed(EventFile):
    """Its file is put aside by the worker, and another Rasa begins a new one, once the first event was written."""

    def _write(self, rows):
        super()._write(rows)
        aside = f"{self._path}.damaged-20261125T110000Z"
        if rows and not os.path.exists(aside):
            os.replace(self._path, aside)
            EventFile(str(self._path)).publish({"sender_id": "c2", "text": "d'un autre"})


events = (Robbed if "robbed" in sys.argv else EventFile)(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "checkpoint":
        events._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        events.publish({"sender_id": "c1", "text": line.strip()})
    print("written", flush=True)

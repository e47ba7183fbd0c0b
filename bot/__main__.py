"""`python -m bot …` is `equipier …`."""

from bot.cli import main

main()

"""The list of commands and command groups; importing this module registers them on the application."""

from bot.cli import (
    aidants,
    app,
    backup,
    chat,
    db,
    demo,
    doctor,
    evaluate,
    fiches,
    index,
    journal,
    keys,
    nlu,
    retention,
    run,
    secrets,
    serve,
    usagers,
    voice,
)

for command in (
    run.run,
    run.setup,
    doctor.doctor,
    chat.chat,
    serve.gateway,
    serve.worker,
    serve.telegram,
    run.process,
    retention.retention,
    demo.demo,
    backup.backup,
    backup.restore,
    secrets.secrets,
):
    app.command()(command)
for name, group in (
    ("fiches", fiches.app),
    ("index", index.app),
    ("nlu", nlu.app),
    ("evaluate", evaluate.app),
    ("db", db.app),
    ("journal", journal.app),
    ("aidants", aidants.app),
    ("keys", keys.app),
    ("usagers", usagers.app),
    ("voice", voice.app),
):
    app.add_typer(group, name=name)

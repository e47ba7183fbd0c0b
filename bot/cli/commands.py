"""The list of commands and command groups; importing this module registers them on the application."""

from bot.cli import app, chat, db, doctor, evaluate, fiches, index, nlu, run, serve

for command in (run.run, run.setup, doctor.doctor, chat.chat, serve.gateway, serve.worker, run.process):
    app.command()(command)
for name, group in (
    ("fiches", fiches.app),
    ("index", index.app),
    ("nlu", nlu.app),
    ("evaluate", evaluate.app),
    ("db", db.app),
):
    app.add_typer(group, name=name)

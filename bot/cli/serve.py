"""`equipier gateway`, `equipier worker` and `equipier telegram`: the long-lived processes that are ours."""

import asyncio
import gc


def gateway() -> None:
    """Lancer la passerelle : assistant du web, Telegram, canal REST, pages."""
    import uvicorn

    from bot.bootstrap import gateway_services
    from bot.gateway.app import create_app
    from bot.gateway.logging import configure_logging
    from bot.observability.journal import count_journal_entries
    from bot.observability.tracing import start_tracing
    from bot.settings import get_settings

    settings = get_settings()
    configure_logging(as_json=settings.log_json)
    count_journal_entries()
    start_tracing(settings.otlp_url, process="gateway")
    app = create_app(gateway_services(settings))
    # What was loaded stays: a collection need not look through it again, which takes a tenth of a second each time.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.gateway_host,
        port=settings.gateway_port,
        log_config=None,
        access_log=False,  # the gateway writes its own lines, without query strings
        server_header=False,
        ws_max_size=128 * 1024,  # bytes; recordings do not come that way
        timeout_graceful_shutdown=4,  # honcho kills after 5 s; a long poll is cut, a message cut can be sent again
    )


def worker() -> None:
    """Lancer le travail de fond : messages gardés, rappels de fin de mandat, durées de conservation."""
    from bot.gateway.logging import configure_logging
    from bot.observability.exposure import serve_metrics
    from bot.observability.journal import count_journal_entries
    from bot.observability.tracing import start_tracing
    from bot.settings import get_settings

    settings = get_settings()
    configure_logging(as_json=settings.log_json)
    count_journal_entries()
    serve_metrics(settings.worker_metrics)
    start_tracing(settings.otlp_url, process="worker")
    asyncio.run(_work())


def telegram() -> None:
    """Aller chercher les messages de Telegram et les remettre à la passerelle."""
    from bot.errors import SettingsError
    from bot.gateway.logging import configure_logging
    from bot.settings import get_settings

    settings = get_settings()
    if not settings.telegram_token.get_secret_value():
        raise SettingsError(
            "EQUIPIER_TELEGRAM_TOKEN manque : le robot Telegram n'a pas de jeton",
            hint="Demandez-en un à @BotFather, puis réglez cette variable.",
        )
    configure_logging(as_json=settings.log_json)
    asyncio.run(_poll())


def _stopped_by_signals() -> asyncio.Event:
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _poll() -> None:
    import structlog

    from bot.bootstrap_channels import telegram_poller
    from bot.settings import get_settings

    log = structlog.get_logger(__name__)
    mark = get_settings().var_dir / "telegram.alive"
    mark.parent.mkdir(parents=True, exist_ok=True)
    poller, close = telegram_poller(get_settings(), alive=mark.touch)
    log.info("telegram started")
    try:
        await poller.run(_stopped_by_signals())
    finally:
        mark.unlink(missing_ok=True)
        await close()
    log.info("telegram stopped")


async def _work() -> None:
    import structlog

    from bot.bootstrap import mandats_services, worker_chores, worker_services
    from bot.chores import show_presence
    from bot.clock import SystemClock
    from bot.settings import get_settings
    from bot.setup.readiness import show_alive
    from bot.storage.leases import Leases

    log = structlog.get_logger(__name__)
    settings = get_settings()
    services = worker_services(settings)
    stop = _stopped_by_signals()
    log.info("worker started")
    alive = asyncio.create_task(show_alive(settings.var_dir / "worker.alive", stop))
    mandats, leases = mandats_services(settings, database=services.database), Leases(services.database)
    present = asyncio.create_task(show_presence(leases, SystemClock(), stop))
    chores = asyncio.create_task(worker_chores(settings, mandats, leases=leases).run(stop))
    try:
        await services.worker.run(stop)
    finally:
        stop.set()
        await alive
        await present
        await chores
        await services.close()
    log.info("worker stopped")

"""`equipier gateway` and `equipier worker`: the long-lived processes that are ours."""

import asyncio


def gateway() -> None:
    """Lancer la passerelle, qui reçoit les messages (canal REST)."""
    import uvicorn

    from bot.bootstrap import gateway_services
    from bot.gateway.app import create_app
    from bot.gateway.logging import configure_logging
    from bot.settings import get_settings

    settings = get_settings()
    configure_logging(as_json=settings.log_json)
    uvicorn.run(
        create_app(gateway_services(settings)),
        host=settings.gateway_host,
        port=settings.gateway_port,
        log_config=None,
        access_log=False,  # the gateway writes its own lines, without query strings
        server_header=False,
        timeout_graceful_shutdown=4,  # honcho kills after 5 s; a long poll is cut, a message cut can be sent again
    )


def worker() -> None:
    """Lancer le travail de fond : messages gardés, rappels de fin de mandat, durées de conservation."""
    from bot.gateway.logging import configure_logging
    from bot.settings import get_settings

    settings = get_settings()
    configure_logging(as_json=settings.log_json)
    asyncio.run(_work())


async def _work() -> None:
    import signal

    import structlog

    from bot.bootstrap import mandats_services, worker_chores, worker_services
    from bot.settings import get_settings
    from bot.setup.readiness import show_alive

    log = structlog.get_logger(__name__)
    settings = get_settings()
    services = worker_services(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("worker started")
    alive = asyncio.create_task(show_alive(settings.var_dir / "worker.alive", stop))
    mandats = mandats_services(settings, database=services.database)
    chores = asyncio.create_task(worker_chores(settings, mandats).run(stop))
    try:
        await services.worker.run(stop)
    finally:
        stop.set()
        await alive
        await chores
        await services.close()
    log.info("worker stopped")

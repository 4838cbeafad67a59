"""The verifier as a service: what `eigendata serve verifier` runs, put together.

    prepare(settings)   everything that may be wrong, before anybody is answered: keys, trust, policies, database
    application(...)    the desks' router, and what those who run the service ask
    run(settings)       one process, or several, and in each: the application, and the housekeeping beside it

Housekeeping is what no request waits for: what has ended is wiped once a minute, and events go to webhooks.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp

from eigendata import policies
from eigendata.errors import Misuse, Rejected, Unavailable, within
from eigendata.fetch import Fetcher
from eigendata.model import Disclosure
from eigendata.policies import Policy
from eigendata.status import StatusLists
from eigendata.store import Store
from eigendata.trust import Trust
from eigendata.web import provisioning, serving, webhooks
from eigendata.web.checking import Checking
from eigendata.web.desks import ANSWERS, Desk, Signing
from eigendata.web.operations import Level, LibraryLog, Log, Metrics, operations_router
from eigendata.web.provisioning import Access
from eigendata.web.settings import DeskSettings, Settings
from eigendata.web.verifier import answers_endpoint, verifier_router
from eigendata.web.webhooks import Courier
from eigendata.web.workers import Supervisor, Worker

PURGE_EVERY: Final = 60.0  # seconds
LOOK_EVERY: Final = 1.0  # seconds between two looks for events
COURIERS: Final = 4  # threads of a process that deliver: a receiver may take fifteen seconds
FIRST_KEY: Final = "made at the first start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What every process of the service is begun with.

    Attributes:
        access: by desk.
        policies: by desk.
    """

    store_key: bytes = field(repr=False)
    trust: Trust = field(repr=False)
    access: Mapping[str, Access]
    policies: Mapping[str, tuple[Policy, ...]] = field(repr=False)


def prepare(settings: Settings, *, log: Log, at: datetime) -> Prepared:
    """Read, make and try everything that a service needs; where something is wrong it does not start.

    Raises:
        Misuse, Malformed: a file, a setting or a policy is not what it should be; the message says which.
        Rejected: a policy asks what it may not.
        Unavailable: the database or the disk cannot be used now.
    """
    trust = Trust.load(settings.trust, fetcher=Fetcher(allow_loopback_http=settings.insecure_loopback))
    loaded = {desk.id: _policies(desk) for desk in settings.desks}
    with provisioning.alone(settings.data):
        key = provisioning.store_key(settings.data)
        access = {}
        for desk in settings.desks:
            folder = desk.keys or settings.data
            with within(desk.id):
                access[desk.id] = provisioning.access(
                    folder, data=settings.data, host=settings.public_host, name=desk.name, at=at
                )
            if access[desk.id].until - at < provisioning.NOTICE:
                ends = access[desk.id].until.date().isoformat()
                log("certificate_ends", level=Level.WARNING, desk=desk.id, ends=ends)
        with closing(Store.open(settings.database.reveal(), key=key)) as store:
            for desk in settings.desks:
                _require_api_key(store, desk, desk.keys or settings.data)
    return Prepared(store_key=key, trust=trust, access=access, policies=loaded)


def _policies(desk: DeskSettings) -> tuple[Policy, ...]:
    with within(desk.id):
        return tuple(policies.load(one) for one in desk.policies)


def _require_api_key(store: Store, desk: DeskSettings, folder: Path) -> None:
    """See that the API key of a folder is one of the desk; make one where there is none."""
    path = folder / provisioning.API_KEY

    def make() -> str:
        made = store.keys.add(desk.id, name=FIRST_KEY)
        assert made.secret is not None
        return made.secret

    key = provisioning.api_key(folder, make)
    try:
        known = store.keys.desk(key)
    except Rejected:
        raise Misuse(f"{path} is no API key of this database: move it away to have one made") from None
    if known != desk.id:
        raise Misuse(f"{path} is an API key of the desk {known}, not of {desk.id}")


# -- in one process ---------------------------------------------------------------------------------------------------


def application(settings: Settings, prepared: Prepared, store: Store, *, log: Log, metrics: Metrics) -> ASGIApp:
    """Make the whole application of the service, over a store that is open."""
    status = StatusLists(Fetcher(allow_loopback_http=settings.insecure_loopback))
    desks = [_desk(one, settings, prepared, store, status) for one in settings.desks]
    for one in settings.desks:
        metrics.certificate.labels(one.id).set(prepared.access[one.id].until.timestamp())

    def checked(check: str, role: str, disclosure: Disclosure) -> None:
        metrics.advised.labels("none" if disclosure.advice is None else str(disclosure.advice.advice)).inc()

    checking = Checking(desks, store=store, public_url=settings.public_url, on_checked=checked)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, title="eigendata verifier")
    router = verifier_router(checking)
    app.include_router(router, prefix=settings.base_path)
    operations = operations_router(
        metrics, probes={"database": store.ready}, metrics_networks=settings.metrics_networks
    )
    app.include_router(operations, prefix=settings.base_path)
    patterns = [one.path for one in router.routes if isinstance(one, Route)]
    posted = {f"{settings.base_path}{ANSWERS}": answers_endpoint(checking)}
    return serving.shell(app, settings, log=log, metrics=metrics, patterns=patterns, posted=posted)


def _desk(said: DeskSettings, settings: Settings, prepared: Prepared, store: Store, status: StatusLists) -> Desk:
    access = prepared.access[said.id]
    with within(said.id):
        return Desk.make(
            said.id,
            name=said.name,
            public_url=settings.public_url,
            trust=prepared.trust,
            status=status,
            once=store.once,
            policies=prepared.policies[said.id],
            homes=said.home,
            residents=said.residents,
            signing=Signing(signer=access.key, chain=access.chain),
        )


@contextmanager
def housekeeping(store: Store, courier: Courier, *, log: Log, metrics: Metrics) -> Iterator[None]:
    """Wipe and deliver beside the block, and finish what is in hand when it ends."""
    stop = threading.Event()

    def purge() -> None:
        while not stop.wait(PURGE_EVERY):
            try:
                store.purge()
                metrics.purged.inc()
            except Unavailable as error:
                log.error("purge_failed", error)

    def deliver() -> None:
        while not stop.is_set():
            try:
                found = courier.deliver()
            except (Rejected, Unavailable) as error:
                log.error("webhooks_failed", error)
                found = 0
            if not found:
                stop.wait(LOOK_EVERY)

    threads = [threading.Thread(target=purge, name="purge", daemon=True)]
    threads += [threading.Thread(target=deliver, name="courier", daemon=True) for _ in range(COURIERS)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        stop.set()
        for one in threads:
            one.join(webhooks.TIMEOUT)


@contextmanager
def service(settings: Settings, prepared: Prepared, *, log: Log, metrics: Metrics) -> Iterator[ASGIApp]:
    """Give the whole application of one process, its database open and its housekeeping under way.

    Raises:
        Misuse, Unavailable: as `Store.open`; a desk asks what no wallet could accept.
    """
    with closing(Store.open(settings.database.reveal(), key=prepared.store_key)) as store:
        fetcher = Fetcher(
            allow_loopback_http=settings.insecure_loopback,
            allowed_networks=settings.webhook_networks,
            timeout=webhooks.TIMEOUT,
            read_timeout=webhooks.TIMEOUT,
        )
        courier = Courier(store, fetcher, log=log, metrics=metrics)
        app = application(settings, prepared, store, log=log, metrics=metrics)
        with housekeeping(store, courier, log=log, metrics=metrics):
            yield app


# -- the whole --------------------------------------------------------------------------------------------------------


def run(settings: Settings, *, ready: Callable[[str], object]) -> None:
    """Run the service until the process is told to stop; `ready` hears the public URL once questions are answered.

    Raises:
        Misuse, Malformed, Rejected, Unavailable: as `prepare`, or the port cannot be had.
    """
    log = Log()
    LibraryLog(log).attach()
    prepared = prepare(settings, log=log, at=datetime.now(UTC))

    def told() -> None:
        log("ready", workers=settings.workers)
        ready(settings.public_url)

    with serving.listening(settings) as listener:
        if settings.workers == 1:
            metrics = Metrics()
            with service(settings, prepared, log=log, metrics=metrics) as app:
                serving.answer(app, listener, settings, ready=told)
        else:
            with tempfile.TemporaryDirectory(prefix="eigendata-metrics-") as folder:
                metrics = Metrics(Path(folder))

                def work(worker: Worker) -> None:
                    with service(settings, prepared, log=log, metrics=metrics) as app:
                        serving.answer(app, listener, settings, ready=worker.ready, stopping=worker.stops)

                grace = settings.grace + webhooks.TIMEOUT
                Supervisor(work, count=settings.workers, grace=grace, log=log, ended=metrics.forget).run(told)
    log("stopped")

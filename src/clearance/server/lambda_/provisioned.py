"""Provisioned concurrency at work: environments that are started before anybody calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.execution_role import trusts_lambda
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.server.lambda_.pace import Pace
from clearance.server.runtime.pool import CredentialsFor, Pool, environment_key
from clearance.server.runtime.spec import FunctionSpec, InvocationRefused
from clearance.server.world import World

__all__ = ["MOST", "Provisioned"]

LOG: Final = logging.getLogger("clearance.server")
# Processes that are really started for one version or alias; a laptop is no region.
MOST: Final = 16
_REASON: Final = "FUNCTION_ERROR_INIT_FAILURE"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept ready for one version or alias, and how much of it there is."""

    spec: FunctionSpec
    key: object
    wanted: int
    ready: int = 0
    failed: bool = False


@dataclass(slots=True)
class Provisioned:
    """The environments of one endpoint that are kept ready; ``spec_of`` is the server's own."""

    world: World
    pool: Pool
    pace: Pace
    spec_of: Callable[[Estate, ResolvedFunction], FunctionSpec]
    credentials_of: Callable[[Estate, FunctionSpec], CredentialsFor]
    endpoint_url: str = ""
    _kept: dict[str, _Kept] = field(default_factory=dict)

    async def watch(self) -> None:
        """Start what is missing: after a change, a crash, or the end of a session; for ever."""
        seen: Estate | None = None
        while True:
            estate = self.world.estate
            if estate is not seen or self._kept:
                seen = estate
                await self._follow(estate)
            await asyncio.sleep(self.pace.poll / 2)

    def shown(
        self, operation: str, output: Mapping[str, Any], arn: str | None
    ) -> Mapping[str, Any]:
        """An answer about provisioned concurrency with what is really there."""
        if "ProvisionedConcurrencyConfigs" in output:
            listed = output["ProvisionedConcurrencyConfigs"]
            return {
                **output,
                "ProvisionedConcurrencyConfigs": [
                    self.shown(operation, config, config["FunctionArn"]) for config in listed
                ],
            }
        if "RequestedProvisionedConcurrentExecutions" not in output or arn is None:
            return output
        requested = output["RequestedProvisionedConcurrentExecutions"]
        kept = self._kept.get(arn)
        if kept is not None and kept.failed:
            told: dict[str, Any] = {"Status": "FAILED", "StatusReason": _REASON}
            ready = 0
        elif operation.startswith("Put") or kept is None or kept.ready < kept.wanted:
            told = {"Status": "IN_PROGRESS"}
            ready = kept.ready if kept is not None and not operation.startswith("Put") else 0
        else:
            told, ready = {"Status": "READY"}, requested
        return {
            **output,
            **told,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "AvailableProvisionedConcurrentExecutions": ready,
        }

    async def _follow(self, estate: Estate) -> None:
        wanted = dict(self._wanted(estate))
        for arn in self._kept.keys() - wanted.keys():
            self.pool.release(self._kept.pop(arn).spec, self.endpoint_url)
        for arn, new in wanted.items():
            known = self._kept.get(arn)
            if known is not None and known.key != new.key:
                self.pool.release(known.spec, self.endpoint_url)
            elif known is not None and known.failed and known.wanted == new.wanted:
                continue  # until the function, or what is asked for, changes
            try:
                ready = await self.pool.keep_ready(
                    new.spec,
                    new.wanted,
                    credentials_for=self.credentials_of(estate, new.spec),
                    endpoint_url=self.endpoint_url,
                )
            except (InvocationRefused, OperationError) as refusal:
                LOG.warning("`%s` cannot be kept ready: %s", arn, refusal)
                ready = None
            failed = ready is None or ready < new.wanted
            self._kept[arn] = replace(new, ready=ready or 0, failed=failed)

    def _wanted(self, estate: Estate) -> Iterator[tuple[str, _Kept]]:
        for account in estate.accounts.values():
            for function in account.functions.values():
                for qualifier, config in function.provisioned.items():
                    try:
                        found = resolve(
                            estate, account.id, function.region, function.name, qualifier
                        )
                    except OperationError:
                        continue
                    role = found.configuration.role
                    if trusts_lambda(estate, role, found.unqualified_arn, self.world.now()):
                        spec = self.spec_of(estate, found)
                        arn = function.arn(account.id, qualifier, account.partition)
                        key = environment_key(spec, self.endpoint_url)
                        yield arn, _Kept(spec, key, min(config.requested, MOST))

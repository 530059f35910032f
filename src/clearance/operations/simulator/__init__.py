"""IAM's policy simulator, answered by the engine that decides everything else (R230-R237)."""

from clearance.operations.simulator.context_keys import (
    context_keys_for_custom_policy,
    context_keys_for_principal_policy,
)
from clearance.operations.simulator.simulate import (
    simulate_custom_policy,
    simulate_principal_policy,
)

__all__ = [
    "context_keys_for_custom_policy",
    "context_keys_for_principal_policy",
    "simulate_custom_policy",
    "simulate_principal_policy",
]

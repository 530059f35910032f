"""Laws of least privilege, on generated estates and logs."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.batch.test_replay import logs
from tests.laws import strategies as some

from clearance import wiring
from clearance.batch.distinct import count
from clearance.batch.keys import Spoken as Policies
from clearance.batch.privilege.bounds import bounds
from clearance.batch.privilege.generalize import Level
from clearance.batch.privilege.propose import Conditions, Options, Proposer
from clearance.batch.privilege.shape import Form
from clearance.batch.privilege.standing import with_policies
from clearance.batch.privilege.use import CONSTANT, Spoken, used
from clearance.batch.read import Record
from clearance.batch.requests import Mapper
from clearance.cli.prove import world_of
from clearance.decide import authorize
from clearance.model.estate import Estate

OPTIONS = st.builds(
    Options,
    st.sampled_from(Level),
    st.sampled_from(Form),
    st.sampled_from([Conditions.NONE, Conditions.KEPT, Conditions.OBSERVED]),
    st.sampled_from([(), ("s3:*",)]),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(some.estates(), logs(), OPTIONS)
def test_what_was_used_and_allowed_stays_allowed_and_nothing_is_added(
    estate: Estate, records: Sequence[Record], options: Options
) -> None:
    """Decided by the plain interpreter, which the proposer does not ask."""
    catalog = wiring.catalog()
    mapper = Mapper(estate, catalog, Spoken(Policies(estate), CONSTANT))
    found = used(count(records, mapper), catalog)
    world = world_of(open_world=False)
    proposer = Proposer(estate, catalog, options, world)
    for one in found.values():
        made = proposer.propose(one)
        assert made.failed == ()
        after = with_policies(estate, one.principal, made.texts)
        allowed = True
        for use in one.uses:
            before = authorize(estate, use.request, catalog=catalog).allowed
            allowed &= before
            if before:
                assert authorize(after, use.request, catalog=catalog).allowed, use.request
        bound = bounds(made, world, catalog)
        told = all(use.told for use in one.uses)
        if bound.gained is not None and allowed and told and options.conditions != Conditions.NONE:
            assert not bound.gained.rows

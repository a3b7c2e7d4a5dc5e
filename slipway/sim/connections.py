"""The way between a simulated host and the control plane: it breaks, it is slow, and it says things twice."""

from slipway.core.observations import HostReport, Observation
from slipway.ports import Report
from slipway.sim.clock import Agenda, VirtualClock


class Connection:
    """Carries what a host reports. What is sent while it is down is lost, in both directions.

    `delay_s` is how much later a report arrives; a changed delay lets a report overtake one before it. `echo_s` is how
    much later than that it arrives a second time; None: it does not. A host's own report opens a connection: it is
    neither late nor doubled.
    """

    def __init__(self, *, clock: VirtualClock, agenda: Agenda, deliver: Report) -> None:
        self.is_up = True
        self.delay_s = 0.0
        self.echo_s: float | None = None
        self.lost = 0  # reports and commands that did not arrive
        self._clock = clock
        self._agenda = agenda
        self._deliver = deliver
        self._losses = 0

    def report(self, observation: Observation) -> None:
        """Have an observation arrive at the control plane, once, twice or not at all."""
        if not self.is_up:
            self.lost += 1
            return
        if isinstance(observation, HostReport):
            self._deliver(observation)
            return
        self._send(observation, self.delay_s)
        if self.echo_s is not None:
            self._send(observation, self.delay_s + self.echo_s)

    def _send(self, observation: Observation, delay_s: float) -> None:
        if not delay_s:
            self._deliver(observation)
            return
        losses = self._losses
        self._agenda.put(self._clock.now() + delay_s, lambda: self._arrive(observation, losses))

    def _arrive(self, observation: Observation, losses: int) -> None:
        if self.is_up and losses == self._losses:
            self._deliver(observation)
        else:
            self.lost += 1

    def carries_commands(self) -> bool:
        """Whether a command given now reaches the host; counted as lost if it does not."""
        self.lost += not self.is_up
        return self.is_up

    def lose_all(self) -> None:
        """Nothing that is on its way arrives any more: the machine it waits on has died."""
        self.is_up = False
        self._losses += 1

    def mend(self) -> None:
        """On time and once from now on; whether it is up stays as it is."""
        self.delay_s = 0.0
        self.echo_s = None

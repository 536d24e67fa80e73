"""The communication plan: who is told what, how often, and with whose approval."""

from comms.plan.cadence import Cadence
from comms.plan.model import Audience, Plan

__all__ = ["Audience", "Cadence", "Plan"]

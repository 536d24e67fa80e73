"""The communication plan: who is told what, how often, and with whose approval."""

from comms.plan.model import Audience, Cadence, Plan

__all__ = ["Audience", "Cadence", "Plan"]

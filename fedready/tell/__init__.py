"""Telling: one writer per format, all fed by `fedready.model.Run`, none of them judging anything."""

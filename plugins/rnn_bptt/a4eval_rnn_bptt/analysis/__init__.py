"""What a gradient does on its way through time: functions of a trajectory, each a measure."""

"""What can be wrong with a layer, a metric or a reader: functions of a subject and a case, each giving a finding."""

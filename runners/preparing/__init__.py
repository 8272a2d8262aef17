"""From recordings as people have them to a corpus of cut, levelled and transcribed clips."""
